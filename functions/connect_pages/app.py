"""The pages that a user sees on the way through consent: `/connect/…` and `/callback/…`."""

from typing import Any

from tokenvend.handlers.pages import handle_page, prepare

prepare()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway proxy event."""
    return handle_page(event, context)
