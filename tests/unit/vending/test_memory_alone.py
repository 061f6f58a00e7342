"""What one environment remembers: within its bounds, and until when it is trusted."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.fakes.clock import START
from tests.unit.vending.harness import BILLING, DEFINITION, GRANT, REQUEST

from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.decision import Decision, decide
from tokenvend.domain.freshness import in_use_from, overdue_at
from tokenvend.domain.registry import Caller, RegistryView
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.vending.memory import Memory, Remembered

TRUST = timedelta(seconds=30)
INSTANT = timedelta(microseconds=1)
KEY = (BILLING.identity, REQUEST)


def memory() -> Memory:
    return Memory(trust=TRUST, outage_grace=timedelta(seconds=900))


def token_of(life: timedelta = timedelta(hours=1), value: str = "a-token") -> AccessToken:
    return AccessToken(
        access_token=Secret(value),
        scopes=GRANT.scopes,
        requested_at=START,
        expires_at=START + life,
    )


def kept(
    held: Memory,
    token: AccessToken,
    *,
    request: VendRequest = REQUEST,
    definition: CredentialDefinition = DEFINITION,
    checked_at: datetime = START,
) -> tuple[Remembered, Decision]:
    view = RegistryView(caller=Caller(name="billing"), grant=GRANT, definition=definition)
    decision = decide(BILLING, request, view, now=START)
    held.remember((BILLING.identity, request), view, decision, token, checked_at=checked_at)
    remembered = held.recall((BILLING.identity, request))
    assert remembered is not None
    return remembered, decision


def test_a_vend_is_trusted_for_so_long_after_its_check() -> None:
    checked_at = START + timedelta(minutes=50)

    remembered, decision = kept(memory(), token_of(), checked_at=checked_at)

    assert in_use_from(decision.key, token_of()) < checked_at
    assert remembered.trusted_until == checked_at + TRUST
    assert remembered.checked_at == checked_at


def test_it_is_trusted_until_its_token_is_overdue_at_most() -> None:
    remembered, decision = kept(memory(), token_of(timedelta(seconds=20)))

    assert remembered.trusted_until == min(
        overdue_at(decision.key, token_of(timedelta(seconds=20))),
        in_use_from(decision.key, token_of(timedelta(seconds=20))),
    )


def test_it_is_trusted_while_its_token_lasts_for_the_request() -> None:
    token, checked_at = token_of(), START + timedelta(minutes=50)
    asks = replace(REQUEST, min_ttl_seconds=590)

    remembered, _ = kept(memory(), token, request=asks, checked_at=checked_at)

    assert remembered.trusted_until == token.expires_at - timedelta(seconds=590)


def test_it_is_trusted_until_the_first_request_that_asks_for_the_next_token() -> None:
    token = token_of()
    decision = kept(memory(), token)[1]
    requested_at = in_use_from(decision.key, token)

    before, _ = kept(memory(), token, checked_at=requested_at - INSTANT)
    since, _ = kept(memory(), token, checked_at=requested_at)

    assert before.trusted_until == requested_at
    assert since.trusted_until == requested_at + TRUST


def test_a_token_that_another_environment_may_void_is_trusted_for_no_time() -> None:
    definition = replace(DEFINITION, single_active_token=True)
    checked_at = START + timedelta(minutes=50)

    remembered, _ = kept(memory(), token_of(), definition=definition, checked_at=checked_at)

    assert remembered.trusted_until == checked_at


def test_a_new_token_makes_a_decision_no_younger() -> None:
    held = memory()
    former, decision = kept(held, token_of())

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
    _, decision = kept(held, token_of())
    kept(held, token_of(), request=other)

    held.forget_token("another key")
    assert held.recall(KEY) is not None
    held.forget_token(decision.key)

    assert held.recall(KEY) is None
    assert held.recall((BILLING.identity, other)) is None


def test_forgetting_what_is_not_there_changes_nothing() -> None:
    held = memory()
    kept(held, token_of())

    held.forget(("iam:somebody", REQUEST))
    held.forget((BILLING.identity, replace(REQUEST, min_ttl_seconds=1)))
    held.forget(KEY)
    held.forget(KEY)

    for number in range(bounds.MEMORY_ENTRIES):
        kept(held, token_of(), request=replace(REQUEST, min_ttl_seconds=number))
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
