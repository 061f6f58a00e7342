"""The functions on fakes, each time anew, so that no input depends on the one before."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from io import StringIO
from typing import Any
from unittest.mock import patch

from tests.functions.conftest import (
    ROOT,
    Handler,
    caller_parts,
    consent_harness,
    function_harness,
    load_handler,
    through,
)

import tokenvend.entries.callers
import tokenvend.entries.pages.handler
from tokenvend.observability.log import logger


@contextmanager
def invoked(function: str, event: Any, alias: str) -> Iterator[tuple[Any, str]]:
    """What *function* answers to *event*, and what it logged meanwhile.

    Whatever it raises comes out of here.
    """
    parts, pages = caller_parts(function_harness()), consent_harness()
    with ExitStack() as patches:
        patches.enter_context(
            patch.object(tokenvend.entries.callers, "composition_root", lambda: parts)
        )
        patches.enter_context(
            patch.object(tokenvend.entries.pages.handler, "composition_root", lambda: pages)
        )
        log = patches.enter_context(patch.object(_log_handler(), "stream", StringIO()))
        answer = _handler(function)(event, through(alias))
        yield answer, log.getvalue()


@cache
def samples(function: str) -> list[dict[str, Any]]:
    """The events of events/*function*."""
    paths = sorted((ROOT / "events" / function).glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8"))["event"] for path in paths]


@cache
def _handler(function: str) -> Handler:
    return load_handler(function)


def _log_handler() -> Any:
    return logger().registered_handler
