"""`GET /.well-known/jwks.json`: the public halves of the KMS keys that sign for us (RFC 7517)."""

import gc

# Nothing that INIT makes is garbage, and looking for some costs a seventh of it.
gc.disable()

from typing import Any

from tokenvend.entries.jwks import handle_jwks, prepare

prepare()
# What is there now stays: it is never looked through again.
gc.freeze()
gc.enable()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway proxy event."""
    return handle_jwks(event, invoked_function_arn=context.invoked_function_arn)
