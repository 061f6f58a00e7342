"""Find secrets that were changed elsewhere: every 15 minutes, and when CloudTrail tells of one."""

from typing import Any

from tokenvend.handlers.schedules import handle_sweep, prepare_sweep

prepare_sweep()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Compare every secret of this deployment with what vending goes by."""
    return handle_sweep(event, context)
