"""Find secrets that were changed elsewhere: every 15 minutes, and when CloudTrail tells of one."""

import gc

# Nothing that INIT makes is garbage, and looking for some costs a seventh of it.
gc.disable()

from typing import Any

from tokenvend.entries.schedules import handle_sweep, prepare_sweep

prepare_sweep()
# What is there now stays: it is never looked through again.
gc.freeze()
gc.enable()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Compare every secret of this deployment with what vending goes by."""
    return handle_sweep(event, context)
