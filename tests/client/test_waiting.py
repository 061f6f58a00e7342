"""`Retry-After` in both forms, jitter, bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvend_client.waiting import (
    BACKOFF_FIRST,
    JITTER_SHARE,
    RETRY_AFTER_MAXIMUM,
    parse_retry_after,
    wait_seconds,
)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 7 ", 7.0),
        ("61", RETRY_AFTER_MAXIMUM),
        ("9" * 400, RETRY_AFTER_MAXIMUM),
        ("Thu, 01 Jan 1970 00:00:30 GMT", 20.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", RETRY_AFTER_MAXIMUM),
        ("Thu, 01 Jan 1970 00:00:30", 20.0),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(
    value: str | None, seconds: float | None
) -> None:
    assert parse_retry_after(value, now=10.0) == seconds


@given(value=st.text(max_size=40))
def test_no_retry_after_raises_or_exceeds_its_bound(value: str) -> None:
    seconds = parse_retry_after(value, now=1_800_000_000.0)

    assert seconds is None or 0 <= seconds <= RETRY_AFTER_MAXIMUM


@given(retry_after=st.floats(0, RETRY_AFTER_MAXIMUM), failures=st.integers(1, 10_000))
def test_nobody_comes_sooner_than_told(retry_after: float, failures: int) -> None:
    wait = wait_seconds(retry_after, failures)

    assert max(retry_after, BACKOFF_FIRST) <= wait <= RETRY_AFTER_MAXIMUM * (1 + JITTER_SHARE)


@given(failures=st.integers(1, 10_000))
def test_waits_double_up_to_the_bound(failures: int) -> None:
    least = min(BACKOFF_FIRST * 2.0 ** min(failures - 1, 10), RETRY_AFTER_MAXIMUM)

    assert least <= wait_seconds(None, failures) <= least * (1 + JITTER_SHARE)


def test_waits_differ_so_that_a_fleet_does_not_come_back_at_once() -> None:
    assert len({wait_seconds(10.0, 1) for _ in range(20)}) > 10
