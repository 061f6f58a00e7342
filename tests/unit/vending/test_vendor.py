"""What a caller sees of the vend path: memory, the table, an exchange."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.harness import (
    BILLING,
    GRANT,
    INVOCATION,
    Harness,
)

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import (
    InvalidClientError,
    TemporarilyUnavailableError,
    UnauthorizedClientError,
)
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.lease import new_lease
from tokenvend.domain.registry import Caller
from tokenvend.domain.secret import Secret
from tokenvend.ports import TokenItem


def test_first_request_exchanges_then_memory_then_another_environment_reads_the_table() -> None:
    harness = Harness()
    first, second = harness.environment(), harness.environment()

    sources = [
        harness.vend(first).answer.source,
        harness.vend(first).answer.source,
        harness.vend(second).answer.source,
    ]

    assert sources == [Source.PROVIDER, Source.MEMORY, Source.STORE]
    assert harness.provider.exchanges == 1


def test_memory_is_not_trusted_longer_than_it_may_be() -> None:
    harness = Harness()
    environment = harness.environment(memory=timedelta(seconds=30))
    harness.vend(environment)

    harness.clock.advance(timedelta(seconds=29))
    within = harness.vend(environment).answer.source
    harness.clock.advance(timedelta(seconds=1))
    beyond = harness.vend(environment).answer.source

    assert (within, beyond) == (Source.MEMORY, Source.STORE)


def test_second_check_of_the_same_request_is_one_read() -> None:
    harness = Harness()
    environment = harness.environment(memory=timedelta(0))
    harness.vend(environment)
    harness.reader.lookups.clear()
    reads = harness.tokens.reads

    harness.vend(environment)

    assert len(harness.reader.lookups) == 1
    assert harness.tokens.reads == reads + 1, "the token came with the one batched read"


def test_removed_grant_is_gone_when_memory_is_no_longer_trusted() -> None:
    harness = Harness()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.grants.clear()
    harness.clock.advance(timedelta(seconds=30))

    with pytest.raises(UnauthorizedClientError):
        harness.vend(environment)
    with pytest.raises(UnauthorizedClientError):
        harness.vend(environment)


def test_memory_answers_nobody_whose_proof_does_not_hold() -> None:
    harness = Harness()
    harness.reader.callers[BILLING.identity] = Caller(name="billing", unique_id=BILLING.unique_id)
    environment = harness.environment()
    harness.vend(environment)
    recreated = replace(BILLING, unique_id="AROAANOTHERROLE000")

    with pytest.raises(InvalidClientError) as caught:
        harness.vend(environment, proof=recreated)

    assert caught.value.rule == "caller.unique_id"


def test_memory_answers_no_client_with_another_secret() -> None:
    harness = Harness()
    client = Proof(EntryPoint.OAUTH2, "client:shop", client_secret=Secret("tv_right"))
    harness.reader.callers["client:shop"] = Caller(name="billing")
    harness.reader.grants["client:shop", "jobs"] = GRANT
    harness.reader.client_secret_hashes["client:shop"] = (Secret("tv_right").sha256,)
    environment = harness.environment()
    harness.vend(environment, proof=client)

    with pytest.raises(InvalidClientError) as caught:
        harness.vend(environment, proof=replace(client, client_secret=Secret("tv_wrong")))

    assert caught.value.rule == "caller.secret"


def test_unknown_client_costs_one_read_in_thirty_seconds() -> None:
    harness = Harness()
    stranger = Proof(EntryPoint.OAUTH2, "client:nobody", client_secret=Secret("tv_guess"))
    environment = harness.environment()

    for _ in range(5):
        with pytest.raises(InvalidClientError):
            harness.vend(environment, proof=stranger)
    within = len(harness.reader.lookups)
    harness.clock.advance(bounds.UNKNOWN_CLIENT_REMEMBERED)
    with pytest.raises(InvalidClientError):
        harness.vend(environment, proof=stranger)

    assert (within, len(harness.reader.lookups)) == (1, 2)


def test_overdue_token_is_replaced_by_one_request() -> None:
    harness = Harness()
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=1800 * 0.92))

    answer = harness.vend(harness.environment()).answer

    assert answer.source is Source.PROVIDER
    assert harness.provider.exchanges == 2


def test_overdue_token_is_answered_while_another_environment_replaces_it() -> None:
    harness = Harness()
    key = harness.vend(harness.environment()).decision.key
    harness.clock.advance(timedelta(seconds=1800 * 0.92))
    held = harness.tokens.read(key)
    lease = new_lease(
        now=harness.clock.now(),
        deadline_at=harness.clock.now() + INVOCATION,
        expected_duration=timedelta(seconds=1),
    )
    harness.tokens.seed(key, TokenItem(token=held.token, lease=lease))

    answer = harness.vend(harness.environment()).answer

    assert answer.source is Source.STORE
    assert harness.clock.slept == [0.0], "only the first exchange took its (no) time"


def test_valid_token_is_served_when_its_replacement_fails() -> None:
    harness = Harness()
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=1800 * 0.92))
    harness.provider.script(json_response({"error": "server_error"}, status=500))

    vended = harness.vend(harness.environment())
    again = harness.vend(harness.environment())

    assert vended.answer.source is Source.STORE
    assert isinstance(vended.failed, TemporarilyUnavailableError)
    assert again.failed is None, "the failure is remembered: nobody asks again at once"
    assert harness.provider.exchanges == 2


def test_token_that_runs_out_while_its_replacement_fails_is_not_answered() -> None:
    harness = Harness()
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=1768))
    harness.provider.takes_seconds = 3
    harness.provider.script(json_response({"error": "server_error"}, status=500))

    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(harness.environment())


def test_expired_token_is_never_answered() -> None:
    harness = Harness()
    first = harness.vend(harness.environment()).answer.token
    harness.clock.advance(timedelta(seconds=1800))
    harness.provider.is_away = True

    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(harness.environment())

    assert first.is_expired(harness.clock.now())
