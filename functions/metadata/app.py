"""Authorization server metadata (RFC 8414), from the path alone. Needs no AWS permission."""

from typing import Any

from tokenvend.entries.metadata import answer_metadata


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway proxy event."""
    return answer_metadata(event, invoked_function_arn=context.invoked_function_arn)
