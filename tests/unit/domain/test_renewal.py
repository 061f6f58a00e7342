"""In which minute and shard a token is renewed."""

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.clock import START

from tokenvend.domain import bounds
from tokenvend.domain.freshness import (
    due_at,
    in_use_from,
    overdue_at,
    renewable_from,
    schedule_missed_from,
)
from tokenvend.domain.renewal import RenewalSlot, slot_of, slot_of_token, slots_until
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken, clock_skew_allowance

KEYS = st.integers(min_value=0, max_value=2**256 - 1).map(lambda number: f"{number:064x}")
DAY = 86_400


def token(stated_seconds: int, *, offset: float = 0.0) -> AccessToken:
    lifetime = timedelta(seconds=stated_seconds)
    requested_at = START + timedelta(seconds=offset)
    return AccessToken(
        access_token=Secret("token"),
        scopes=NO_SCOPES,
        requested_at=requested_at,
        expires_at=requested_at + lifetime - clock_skew_allowance(lifetime),
    )


@given(
    KEYS,
    st.integers(min_value=300, max_value=30 * DAY),
    st.floats(min_value=0, max_value=59.999),
    st.lists(st.floats(min_value=30, max_value=75), min_size=5, max_size=5),
)
def test_some_run_finds_a_token_renewable_before_it_is_overdue(
    key: str, stated_seconds: int, second: float, apart: list[float]
) -> None:
    held = token(stated_seconds)
    slot = slot_of_token(key, held, now=held.requested_at)

    runs = [slot.minute - timedelta(seconds=60 - second)]
    for seconds in apart:
        runs.append(runs[-1] + timedelta(seconds=seconds))
    renews = next(run for run in runs if run >= renewable_from(key, held))

    assert renews <= overdue_at(key, held)
    assert slot in set(slots_until(renews, slot.shard))


@given(KEYS, st.integers(min_value=900, max_value=30 * DAY))
def test_a_life_of_a_quarter_of_an_hour_is_not_shortened(key: str, stated_seconds: int) -> None:
    held = token(stated_seconds)

    assert renewable_from(key, held) == due_at(key, held)


@given(KEYS)
def test_a_life_of_five_minutes_is_shortened_where_the_next_run_could_be_too_late(
    key: str,
) -> None:
    held = token(300)

    assert renewable_from(key, held) == overdue_at(key, held) - bounds.RENEWAL_RUNS_APART


@given(KEYS, st.integers(min_value=1, max_value=30 * DAY), st.floats(min_value=0, max_value=0.74))
def test_who_asked_too_soon_to_leave_a_mark_finds_the_token_while_it_is_in_use(
    key: str, stated_seconds: int, rest: float
) -> None:
    held = token(stated_seconds)

    again = in_use_from(key, held) + rest * held.stated_lifetime

    assert again < schedule_missed_from(key, held) <= overdue_at(key, held)


@given(KEYS, st.integers(min_value=0, max_value=5 * DAY))
def test_token_that_is_asked_for_late_is_renewed_by_the_next_run(key: str, late: int) -> None:
    held = token(1800)
    now = due_at(key, held) + timedelta(seconds=late)

    slot = slot_of_token(key, held, now=now)

    assert slot in set(slots_until(now + bounds.RENEWAL_EVERY, slot.shard))


@given(KEYS)
def test_slot_is_found_by_the_run_of_its_minute_and_those_that_look_back(key: str) -> None:
    slot = slot_of(key, START)
    later = START + bounds.RENEWAL_LOOKS_BACK

    assert slot in set(slots_until(START, slot.shard))
    assert slot in set(slots_until(later, slot.shard))
    assert slot not in set(slots_until(later + bounds.RENEWAL_EVERY, slot.shard))
    assert slot not in set(slots_until(START, (slot.shard + 1) % bounds.RENEWAL_SHARDS))


def test_oldest_slot_comes_first() -> None:
    minutes = [slot.minute for slot in slots_until(START, 3)]

    assert minutes == sorted(minutes)


def test_tokens_are_spread_over_all_shards() -> None:
    counts = Counter(slot_of(f"{number * 2**224:064x}", START).shard for number in range(16_000))

    assert counts.keys() == set(range(bounds.RENEWAL_SHARDS))
    assert max(counts.values()) <= 1.1 * min(counts.values())


def test_name_is_the_minute_and_the_shard() -> None:
    assert RenewalSlot(START, 7).name == "2026-03-01T12:00#07"
