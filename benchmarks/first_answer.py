"""Ours, as a whole process: load a built function, and answer one event.

Run in the function's folder, by an interpreter that has only what Lambda brings:
`python first_answer.py EVENT ALIAS [restored]`. `restored` answers in a fork made after INIT, as an
environment does that Lambda restores from a snapshot or has kept ready. The audit line is on this
stream too; the last line is ours, as JSON: where the answer is from, and the processor's time in
milliseconds for INIT and for the answer.
"""

import json
import os
import sys
import time

sys.path.insert(0, ".")

from app import lambda_handler  # type: ignore[import-not-found]
from snapshot_restore_py import get_after_restore  # type: ignore[import-untyped]

init_ms = time.process_time() * 1e3


class _Context:
    aws_request_id = "11111111-2222-3333-4444-555555555555"
    invoked_function_arn = f"arn:aws:lambda:eu-west-1:111122223333:function:f:{sys.argv[2]}"

    def get_remaining_time_in_millis(self) -> int:
        return 20_000


event = json.loads(sys.argv[1])
if "restored" in sys.argv:
    if child := os.fork():
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    for function, arguments, named in get_after_restore():
        function(*arguments, **named)
started = time.process_time()
answer = lambda_handler(event, _Context())
answer_ms = (time.process_time() - started) * 1e3
document = json.loads(answer["body"]) if "body" in answer else answer
print(json.dumps({"source": document.get("source"), "init_ms": init_ms, "answer_ms": answer_ms}))
