"""`POST /oauth2/{credential}/token`: an OAuth client, or a workload by its own token."""

import gc

# Nothing that INIT makes is garbage, and looking for some costs a seventh of it.
gc.disable()

from typing import Any

from tokenvend.domain.identity import EntryPoint
from tokenvend.entries.callers import handle_http, prepare
from tokenvend.entries.http import parse_oauth2_event

prepare()
# What is there now stays: it is never looked through again.
gc.freeze()
gc.enable()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway proxy event."""
    return handle_http(EntryPoint.OAUTH2, parse_oauth2_event, event, context)
