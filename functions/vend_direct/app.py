"""`lambda:Invoke` through a caller's alias: one request, or a batch."""

import gc

# Nothing that INIT makes is garbage, and looking for some costs a seventh of it.
gc.disable()

from typing import Any

from tokenvend.entries.callers import handle_direct, prepare

prepare()
# What is there now stays: it is never looked through again.
gc.freeze()
gc.enable()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one direct invocation."""
    return handle_direct(event, context)
