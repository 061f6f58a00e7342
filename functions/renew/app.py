"""Renew tokens in use before they are overdue: every minute, one invocation for each shard."""

from typing import Any

from tokenvend.handlers.schedules import handle_renewal, prepare_renewal

prepare_renewal()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Send the shards on their way, or renew what is due in one of them."""
    return handle_renewal(event, context)
