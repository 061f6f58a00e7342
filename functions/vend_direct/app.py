"""`lambda:Invoke` through a caller's alias: one request, or a batch."""

from typing import Any

from tokenvend.handlers.callers import handle_direct, prepare

prepare()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one direct invocation."""
    return handle_direct(event, context)
