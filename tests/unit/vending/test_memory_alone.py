"""What one environment remembers: within its bounds, and until when it is trusted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.clock import START
from tests.unit.vending.harness import BILLING, DEFINITION, REQUEST
from tests.unit.vending.remembering import TRUST, memory, remember, token_of

from tokenvend.domain import bounds
from tokenvend.domain.freshness import in_use_from, overdue_at

INSTANT = timedelta(microseconds=1)
KEY = (BILLING.identity, REQUEST)


def test_a_vend_is_trusted_for_so_long_after_its_check() -> None:
    checked_at = START + timedelta(minutes=50)

    remembered, decision = remember(memory(), token_of(), checked_at=checked_at)

    assert in_use_from(decision.key, token_of()) < checked_at
    assert remembered.trusted_until == checked_at + TRUST
    assert remembered.checked_at == checked_at


def test_it_is_trusted_until_its_token_is_overdue_at_most() -> None:
    remembered, decision = remember(memory(), token_of(timedelta(seconds=20)))

    assert remembered.trusted_until == min(
        overdue_at(decision.key, token_of(timedelta(seconds=20))),
        in_use_from(decision.key, token_of(timedelta(seconds=20))),
    )


def test_it_is_trusted_while_its_token_lasts_for_the_request() -> None:
    token, checked_at = token_of(), START + timedelta(minutes=50)
    asks = replace(REQUEST, min_ttl_seconds=590)

    remembered, _ = remember(memory(), token, request=asks, checked_at=checked_at)

    assert remembered.trusted_until == token.expires_at - timedelta(seconds=590)


def test_it_is_trusted_until_the_first_request_that_asks_for_the_next_token() -> None:
    token = token_of()
    decision = remember(memory(), token)[1]
    requested_at = in_use_from(decision.key, token)

    before, _ = remember(memory(), token, checked_at=requested_at - INSTANT)
    since, _ = remember(memory(), token, checked_at=requested_at)

    assert before.trusted_until == requested_at
    assert since.trusted_until == requested_at + TRUST


def test_a_token_that_another_environment_may_void_is_trusted_for_no_time() -> None:
    definition = replace(DEFINITION, single_active_token=True)
    checked_at = START + timedelta(minutes=50)

    remembered, _ = remember(memory(), token_of(), definition=definition, checked_at=checked_at)

    assert remembered.trusted_until == checked_at


def test_a_new_token_makes_a_decision_no_younger() -> None:
    held = memory()
    former, decision = remember(held, token_of())

    held.replace_token(KEY, token_of(value="another"))

    now = held.recall(KEY)
    assert now is not None
    assert (now.token, now.decision) == (token_of(value="another"), decision)
    assert now.checked_at == START
    assert now.trusted_until <= former.trusted_until
    assert held.outlasts_outage(now, START + timedelta(seconds=900) - INSTANT)
    assert not held.outlasts_outage(now, START + timedelta(seconds=900))


def test_every_vend_of_a_token_is_forgotten_with_it() -> None:
    held, other = memory(), replace(REQUEST, min_ttl_seconds=1)
    _, decision = remember(held, token_of())
    remember(held, token_of(), request=other)

    held.forget_token("another key")
    assert held.recall(KEY) is not None
    held.forget_token(decision.key)

    assert held.recall(KEY) is None
    assert held.recall((BILLING.identity, other)) is None


def test_forgetting_what_is_not_there_changes_nothing() -> None:
    held = memory()
    remember(held, token_of())

    held.forget(("iam:somebody", REQUEST))
    held.forget((BILLING.identity, replace(REQUEST, min_ttl_seconds=1)))
    held.forget(KEY)
    held.forget(KEY)

    for number in range(bounds.MEMORY_ENTRIES):
        remember(held, token_of(), request=replace(REQUEST, min_ttl_seconds=number))
    assert held.recall((BILLING.identity, replace(REQUEST, min_ttl_seconds=0))) is not None


def test_a_client_that_is_nobody_is_so_for_its_time() -> None:
    held = memory()
    held.remember_unknown("client:nobody", START)

    assert held.is_unknown("client:nobody", START + bounds.UNKNOWN_CLIENT_REMEMBERED - INSTANT)
    assert not held.is_unknown("client:nobody", START + bounds.UNKNOWN_CLIENT_REMEMBERED)
    assert not held.is_unknown("client:another", START)


@pytest.mark.parametrize("again", [False, True])
def test_of_too_many_that_are_nobody_the_oldest_is_forgotten(*, again: bool) -> None:
    held = memory()
    for number in range(bounds.MEMORY_ENTRIES):
        held.remember_unknown(f"client:{number}", START)
    assert held.is_unknown("client:0", START)
    if again:
        held.remember_unknown("client:0", START)

    held.remember_unknown("client:one-more", START)

    assert held.is_unknown("client:one-more", START)
    assert held.is_unknown("client:0", START) is again
    assert held.is_unknown("client:1", START) is not again
