"""A secret gives its value through one exit only."""

import copy
import hashlib
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import pytest
from hypothesis import given
from tests.strategies import markers

from tokenvend.domain.secret import Secret


@dataclass(frozen=True)
class _Holder:
    secret: Secret


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        ascii,
        lambda secret: f"{secret}",
        lambda secret: f"{secret!r:>40}",
        "{0} {0!s}".format,
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - this way out is tested too
        lambda secret: repr(_Holder(secret)),
        lambda secret: repr([{"a": (secret,)}]),
        lambda secret: json.dumps({"secret": secret}, default=str),
        lambda secret: logging.LogRecord("", 0, "", 0, "%s", (secret,), None).getMessage(),
    ],
)
def test_no_way_of_showing_a_secret_shows_its_value(show: Callable[[Secret], str]) -> None:
    assert "hunter2" not in show(Secret("hunter2"))


@pytest.mark.parametrize(
    "take_apart",
    [
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        json.dumps,
        vars,
        lambda secret: asdict(_Holder(secret)),
    ],
)
def test_secret_cannot_be_copied_or_serialised(take_apart: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError):
        take_apart(Secret("hunter2"))


@given(value=markers)
def test_traceback_of_a_failed_pickling_does_not_quote_the_value(value: str) -> None:
    secret = Secret(value)

    with pytest.raises(TypeError) as caught:
        pickle.dumps(secret)

    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [frame for frame in shown.stack if frame.name == "__reduce__"]
    assert frames
    assert value not in "".join(str(frame.locals) for frame in frames)


def test_secrets_are_equal_by_value_and_unequal_to_their_text() -> None:
    assert Secret("one") == Secret("one")
    assert Secret("one") != Secret("two")
    assert Secret("one") != "one"
    assert len({Secret("one"), Secret("one"), Secret("two")}) == 2


def test_digest_is_the_sha256_of_the_utf8_bytes() -> None:
    secret = Secret("pässword")

    assert secret.sha256 == hashlib.sha256("pässword".encode()).hexdigest()
    assert secret.sha256 == secret.sha256
    assert secret.reveal() == "pässword"
