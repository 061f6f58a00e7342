"""The pages that a user sees on the way through consent: `/connect/…` and `/callback/…`."""

import gc

# Nothing that INIT makes is garbage, and looking for some costs a seventh of it.
gc.disable()

from typing import Any

from tokenvend.entries.pages.handler import handle_page, prepare

prepare()
# What is there now stays: it is never looked through again.
gc.freeze()
gc.enable()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway proxy event."""
    return handle_page(event, context)
