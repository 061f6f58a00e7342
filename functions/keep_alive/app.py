"""Refresh connections that nobody uses, well before their refresh tokens die: every hour."""

from typing import Any

from tokenvend.handlers.schedules import handle_keep_alive, prepare_keep_alive

prepare_keep_alive()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Go through every connection of this deployment."""
    return handle_keep_alive(event, context)
