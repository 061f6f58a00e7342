"""Read what the functions of a local stack logged, and find errors in it.

The functions write to log groups of the local CloudWatch Logs, as on AWS; `aws.log` has only what
the local AWS itself says. A run on the local stack must not pass while a function fails, so each
one ends with `check`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tokenvend_local.errors import LocalStackError

#: The file in a stack's folder to which its functions' logs are written at its end.
FILE = "functions.log"
#: Levels of structured lines that count as errors.
_BAD_LEVELS = frozenset({"ERROR", "CRITICAL"})
#: What the runtime writes when a function raises, times out or crashes.
_FAILED = re.compile(
    r"Traceback \(most recent call last\)|Task timed out|Runtime exited|\[ERROR\]"
    r"|ImportModuleError|Unhandled"
)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Trouble:
    """One error: the log group, and the text of the line or traceback."""

    group: str
    text: str


class FunctionsFailedError(LocalStackError):
    """Functions logged errors that were not expected."""

    def __init__(self, troubles: list[Trouble]) -> None:
        shown = "\n".join(f"{each.group}: {each.text}" for each in troubles[:_SHOWN])
        super().__init__(f"{len(troubles)} errors in the functions' logs:\n{shown}")
        self.troubles = troubles


def read(logs: Any) -> dict[str, list[str]]:
    """Return every line that the functions logged, oldest first, by log group.

    *logs* is a boto3 client for CloudWatch Logs.
    """
    groups = logs.get_paginator("describe_log_groups").paginate()
    names = [group["logGroupName"] for page in groups for group in page["logGroups"]]
    return {name: list(_events(logs, name)) for name in names}


def _events(logs: Any, group: str) -> Iterator[str]:
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
        for event in page["events"]:
            yield event["message"]


def as_text(lines: Mapping[str, Iterable[str]]) -> str:
    """Return the lines of all functions, each after the last part of its log group's name."""
    return "".join(
        f"{group.rpartition('/')[2]}: {line}\n" for group, each in lines.items() for line in each
    )


def find_troubles(lines: Mapping[str, Iterable[str]]) -> list[Trouble]:
    """Return the errors in *lines*, by log group: bad levels, tracebacks, time-outs, crashes."""
    return [Trouble(group, text) for group, each in lines.items() for text in _troubles(each)]


def _troubles(lines: Iterable[str]) -> Iterator[str]:
    traceback: list[str] = []
    for line in lines:
        if traceback and (line.startswith((" ", "\t")) or not line):
            traceback.append(line)
            continue
        if traceback:
            # The line after the frames names the exception.
            yield "\n".join([*traceback, line])
            traceback = []
            continue
        if line.startswith("Traceback"):
            traceback = [line]
        elif _level_of(line) in _BAD_LEVELS or _FAILED.search(line):
            yield line
    if traceback:
        yield "\n".join(traceback)


def _level_of(line: str) -> str | None:
    if not line.startswith("{"):
        return None
    try:
        return str(json.loads(line).get("level"))
    except ValueError:
        return None


def check(lines: Mapping[str, Iterable[str]], expected: Iterable[str]) -> None:
    """Check that every error in *lines* matches one of the patterns *expected*.

    Raises:
        FunctionsFailedError: some match none.
    """
    patterns = [re.compile(pattern) for pattern in expected]
    unexpected = [
        trouble
        for trouble in find_troubles(lines)
        if not any(pattern.search(trouble.text) for pattern in patterns)
    ]
    if unexpected:
        raise FunctionsFailedError(unexpected)
