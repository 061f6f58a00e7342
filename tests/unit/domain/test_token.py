"""A token's life, and the answer made of it: both sides of every line."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import START, instants, keys

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source, VendAnswer
from tokenvend.domain.freshness import Freshness, due_at, freshness_of, jitter_of, overdue_at
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken, clock_skew_allowance

NO_JITTER, MOST_JITTER = "0" * 64, "f" * 64
MICROSECOND = timedelta(microseconds=1)


def _token(lifetime: timedelta = timedelta(seconds=1000), start: datetime = START) -> AccessToken:
    return AccessToken(
        access_token=Secret("hunter2"),
        scopes=frozenset({"write", "read"}),
        requested_at=start,
        expires_at=start + lifetime,
    )


@pytest.mark.parametrize(
    ("key", "share", "before", "from_then_on"),
    [
        (NO_JITTER, bounds.RENEWAL_DUE, Freshness.FRESH, Freshness.STALE),
        (NO_JITTER, bounds.OVERDUE, Freshness.STALE, Freshness.OVERDUE),
        (NO_JITTER, 0.97, Freshness.OVERDUE, Freshness.EXPIRED),
        (MOST_JITTER, bounds.RENEWAL_DUE, Freshness.FRESH, Freshness.FRESH),
        (MOST_JITTER, bounds.OVERDUE - bounds.JITTER, Freshness.STALE, Freshness.OVERDUE),
        (MOST_JITTER, bounds.RENEWAL_DUE + bounds.JITTER, Freshness.FRESH, Freshness.STALE),
    ],
)
def test_freshness_changes_exactly_at_its_line(
    key: str, share: float, before: Freshness, from_then_on: Freshness
) -> None:
    line = START + timedelta(seconds=1000) * share
    token = _token(timedelta(seconds=1000) - bounds.CLOCK_SKEW)

    assert freshness_of(key, token, line - 2 * MICROSECOND) is before
    # The greatest jitter stays just below its bound, so its line lies a hair away.
    hair = timedelta(0) if key == NO_JITTER else timedelta(milliseconds=1)
    assert freshness_of(key, token, line + hair) is from_then_on


@given(key=keys, stated=st.floats(0.1, 10**7))
def test_there_is_always_room_for_an_exchange_between_overdue_and_the_end(
    key: str, stated: float
) -> None:
    lifetime = timedelta(seconds=stated)
    token = _token(lifetime - clock_skew_allowance(lifetime))

    room = min(bounds.EXCHANGE_NEEDS, lifetime * bounds.OVERDUE_BEFORE_END)

    assert due_at(key, token) < overdue_at(key, token) <= token.expires_at - room + 2 * MICROSECOND


@given(stated=st.floats(0, 10**7))
def test_stated_lifetime_is_known_from_what_is_left_of_it(stated: float) -> None:
    lifetime = timedelta(seconds=stated)

    known = _token(lifetime - clock_skew_allowance(lifetime)).stated_lifetime

    assert abs(known - lifetime) <= 2 * MICROSECOND


@pytest.mark.parametrize(
    ("share", "before", "from_then_on"),
    [
        (bounds.RENEWAL_DUE_REPEATED, Freshness.FRESH, Freshness.STALE),
        (bounds.OVERDUE_REPEATED, Freshness.STALE, Freshness.OVERDUE),
    ],
)
def test_token_that_was_given_again_is_left_alone_until_near_its_end(
    share: float, before: Freshness, from_then_on: Freshness
) -> None:
    token = replace(_token(), repeated=True)
    line = START + timedelta(seconds=1000) * share

    assert freshness_of(NO_JITTER, token, line - 2 * MICROSECOND) is before
    assert freshness_of(NO_JITTER, token, line) is from_then_on


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-5), MICROSECOND])
def test_expiry_is_tested_before_anything_is_divided(lifetime: timedelta) -> None:
    token = _token(lifetime)

    assert freshness_of(NO_JITTER, token, START + MICROSECOND) is Freshness.EXPIRED


@given(start=instants, lifetime=st.integers(1, 10**7), late=st.integers(0, 10**7), key=keys)
def test_expired_token_is_never_anything_else(
    start: datetime, lifetime: int, late: int, key: str
) -> None:
    token = _token(timedelta(seconds=lifetime), start)
    now = token.expires_at + timedelta(seconds=late)

    assert freshness_of(key, token, now) is Freshness.EXPIRED
    assert token.is_expired(now)
    assert not token.is_expired(token.expires_at - MICROSECOND)
    assert freshness_of(key, token, token.expires_at - MICROSECOND) is not Freshness.EXPIRED


@given(key=keys)
def test_clock_that_runs_behind_leaves_a_token_fresh(key: str) -> None:
    assert freshness_of(key, _token(), START - timedelta(hours=1)) is Freshness.FRESH


@given(key=keys)
def test_jitter_stays_within_its_bounds_and_is_always_the_same(key: str) -> None:
    assert 0 <= jitter_of(key) < 1
    assert jitter_of(key) == jitter_of(key)


def test_jitter_spreads_over_the_whole_range() -> None:
    assert jitter_of(NO_JITTER) == 0
    assert jitter_of("80000000" + "0" * 56) == 0.5
    assert jitter_of(MOST_JITTER) > 0.999999


@pytest.mark.parametrize(
    ("lifetime", "allowance"), [(1, 0.1), (299, 29.9), (300, 30), (301, 30), (86_400, 30)]
)
def test_allowance_for_skew_is_a_tenth_up_to_its_bound(lifetime: int, allowance: float) -> None:
    assert clock_skew_allowance(timedelta(seconds=lifetime)) == timedelta(seconds=allowance)


@pytest.mark.parametrize(
    ("age", "left"), [(0.0, 1000), (0.001, 999), (999.0, 1), (999.001, 0), (999.999, 0)]
)
def test_seconds_left_are_floored(age: float, left: int) -> None:
    now = START + timedelta(seconds=age)

    assert VendAnswer(_token(), Source.STORE, now).to_dict()["expires_in"] == left


def test_answer_has_every_field_of_the_promise() -> None:
    token = _token(timedelta(seconds=1000, milliseconds=900))

    answer = VendAnswer(token, Source.MEMORY, START).to_dict()

    assert answer == {
        "access_token": "hunter2",
        "token_type": "Bearer",
        "expires_in": 1000,
        "scope": "read write",
        "expires_at": int(START.timestamp()) + 1000,
        "source": "memory",
        "token_sha256": Secret("hunter2").sha256,
        "header_name": "Authorization",
        "header_prefix": "Bearer ",
        "headers": {"Authorization": "Bearer hunter2"},
        "query": {},
    }


def test_neither_token_nor_answer_shows_the_secret() -> None:
    answer = VendAnswer(_token(), Source.MEMORY, START)

    assert "hunter2" not in repr(answer) + str(answer.token)
