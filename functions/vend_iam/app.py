"""`POST /iam/{credential}/token`: the caller is proven by its AWS signature."""

from typing import Any

from tokenvend.domain.identity import Entry
from tokenvend.entries.http import parse_iam_event
from tokenvend.handlers.callers import handle_http, prepare

prepare()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway proxy event."""
    return handle_http(Entry.IAM, parse_iam_event, event, context)
