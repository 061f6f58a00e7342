"""Ours, as a whole process: load a built function, and answer one event from the table.

Run in the function's folder, by an interpreter that has only what Lambda brings:
`python first_answer.py EVENT ALIAS`.
"""

import json
import sys

sys.path.insert(0, ".")

from app import lambda_handler  # type: ignore[import-not-found]


class _Context:
    aws_request_id = "11111111-2222-3333-4444-555555555555"
    invoked_function_arn = f"arn:aws:lambda:eu-west-1:111122223333:function:f:{sys.argv[2]}"

    def get_remaining_time_in_millis(self) -> int:
        return 20_000


answer = lambda_handler(json.loads(sys.argv[1]), _Context())
document = json.loads(answer["body"]) if "body" in answer else answer
# The audit line is on this stream too; whoever runs this reads the last line.
print(document.get("source"))
