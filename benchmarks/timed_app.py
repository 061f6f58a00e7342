"""A built function that says what INIT and each answer took, under Lambda's runtime client.

The emulator runs `timed_app.lambda_handler` in the function's folder instead of the function's own.
The answer holds where the token is from, and milliseconds of processor time: of the process up to
the end of INIT, the runtime client's own start included, and of this answer.
"""

import json
import time
from typing import Any

from app import lambda_handler as answer  # type: ignore[import-not-found]

_INIT_MS = time.process_time() * 1e3


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer, and say what it took."""
    started = time.process_time()
    found = answer(event, context)
    answer_ms = (time.process_time() - started) * 1e3
    document = json.loads(found["body"]) if "body" in found else found
    return {"source": document.get("source"), "init_ms": _INIT_MS, "answer_ms": answer_ms}
