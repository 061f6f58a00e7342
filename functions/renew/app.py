"""Renew tokens in use before they are overdue: every minute, one invocation for each shard."""

import gc

# Nothing that INIT makes is garbage, and looking for some costs a seventh of it.
gc.disable()

from typing import Any

from tokenvend.entries.schedules import handle_renewal, prepare_renewal

prepare_renewal()
# What is there now stays: it is never looked through again.
gc.freeze()
gc.enable()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Send the shards on their way, or renew what is due in one of them."""
    return handle_renewal(event, context)
