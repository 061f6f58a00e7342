"""Refresh connections that nobody uses, well before their refresh tokens die: every hour."""

import gc

# Nothing that INIT makes is garbage, and looking for some costs a seventh of it.
gc.disable()

from typing import Any

from tokenvend.entries.schedules import handle_keep_alive, prepare_keep_alive

prepare_keep_alive()
# What is there now stays: it is never looked through again.
gc.freeze()
gc.enable()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Go through every connection of this deployment."""
    return handle_keep_alive(event, context)
