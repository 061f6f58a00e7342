"""The lines that a function has logged for the audit."""

import json
from io import StringIO
from typing import Any

from tests.functions.conftest import through

REFERENCE = through("live").aws_request_id


def lines(log: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def only(log: StringIO) -> dict[str, Any]:
    (line,) = lines(log)
    return line
