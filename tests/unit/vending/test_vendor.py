"""What a caller sees of the vend path: memory, the table, an exchange, and when each fails."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.harness import (
    BILLING,
    DEFINITION,
    GRANT,
    INVOCATION,
    READ,
    REQUEST,
    Harness,
)

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import (
    CredentialNotReadyError,
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TooManyRequestsError,
    UnauthorizedClientError,
)
from tokenvend.domain.identity import Entry, Proof
from tokenvend.domain.lease import new_lease
from tokenvend.domain.oauth.token_request import ProviderRequest, ProviderSecret
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.registry import Caller, ScopeMode
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.ports import StoreAwayError, TokenItem


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
    client = Proof(Entry.OAUTH2, "client:shop", client_secret=Secret("tv_right"))
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
    stranger = Proof(Entry.OAUTH2, "client:nobody", client_secret=Secret("tv_guess"))
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
        expected=timedelta(seconds=1),
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


def test_dead_credential_is_left_alone_until_its_back_off_is_over() -> None:
    harness = Harness()
    harness.provider.script(json_response({"error": "invalid_client"}, status=401))

    for _ in range(3):
        with pytest.raises(ProviderRefusedError) as caught:
            harness.vend(harness.environment())
        assert caught.value.provider_error == "invalid_client"
    harness.clock.advance(bounds.BACKOFF_FIRST)
    recovered = harness.vend(harness.environment()).answer.source

    assert recovered is Source.PROVIDER
    assert harness.provider.exchanges == 2


def test_changed_secret_replaces_a_valid_token_but_never_makes_an_outage() -> None:
    harness = Harness()
    first = harness.vend(harness.environment()).answer.token
    harness.states.start_secret_generation("jobs", None, "changed")
    harness.provider.script(json_response({"error": "invalid_client"}, status=401))

    mistyped = harness.vend(harness.environment()).answer.token
    harness.clock.advance(bounds.BACKOFF_FIRST)
    mended = harness.vend(harness.environment()).answer

    assert mistyped == first
    assert mended.source is Source.PROVIDER
    assert mended.token.secret_generation == "changed"


def test_secret_is_not_sent_to_another_host_than_it_was_written_for() -> None:
    harness = Harness()
    harness.secrets.secrets["jobs", None] = ProviderSecret(
        "our-client", Secret("our-secret"), "login.elsewhere.example"
    )

    with pytest.raises(CredentialNotReadyError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "secret.host"
    assert harness.provider.requests == []


def test_missing_secret_is_said_and_not_held_against_the_provider() -> None:
    harness = Harness()
    kept = harness.secrets.secrets.pop(("jobs", None))

    with pytest.raises(CredentialNotReadyError, match="tokenvend secret put jobs"):
        harness.vend(harness.environment())
    harness.secrets.secrets["jobs", None] = kept

    assert harness.vend(harness.environment()).answer.source is Source.PROVIDER


def test_wider_token_is_refused_revoked_and_remembered() -> None:
    harness = Harness(
        definition=replace(DEFINITION, revocation_endpoint="https://login.acme.example/revoke")
    )
    wide = {"access_token": "wide", "token_type": "bearer", "scope": "jobs_read jobs_manage"}
    harness.provider.script(json_response(wide), json_response({}))

    for _ in range(2):
        with pytest.raises(ProviderRefusedError) as caught:
            harness.vend(harness.environment())
        assert caught.value.provider_error == "scope_widened"

    assert [request.url.rpartition("/")[2] for request in harness.provider.requests] == [
        "token",
        "revoke",
    ]


def test_token_is_not_revoked_at_a_host_that_may_not_have_the_secret() -> None:
    harness = Harness(
        definition=replace(DEFINITION, revocation_endpoint="https://evil.example/revoke")
    )
    wide = {"access_token": "wide", "token_type": "bearer", "scope": "jobs_read jobs_manage"}
    harness.provider.script(json_response(wide))

    with pytest.raises(ProviderRefusedError):
        harness.vend(harness.environment())

    assert len(harness.provider.requests) == 1


@pytest.mark.parametrize("accept_less", [True, False])
def test_narrower_token_is_honest_or_refused(*, accept_less: bool) -> None:
    grant = replace(GRANT, scopes=DEFINITION.scopes, accept_less=accept_less)
    harness = Harness(grant=grant)
    harness.provider.script(
        json_response({"access_token": "less", "token_type": "Bearer", "scope": "jobs_read"})
    )

    if accept_less:
        assert harness.vend(harness.environment()).answer.to_dict()["scope"] == "jobs_read"
    else:
        with pytest.raises(InvalidScopeError) as caught:
            harness.vend(harness.environment())
        assert caught.value.rule == "grant.accept_less"


def test_fixed_credential_answers_its_whole_scope_and_sends_none() -> None:
    harness = Harness(
        definition=replace(DEFINITION, scope_mode=ScopeMode.FIXED),
        grant=replace(GRANT, scopes=DEFINITION.scopes),
    )

    answer = harness.vend(harness.environment(), VendRequest("jobs", scopes=READ)).answer

    assert answer.to_dict()["scope"] == "jobs_manage jobs_read"
    assert "scope" not in harness.provider.requests[0].form


def test_min_ttl_forces_an_exchange_for_a_token_that_is_too_near_its_end() -> None:
    harness = Harness()
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=1000))

    kept = harness.vend(harness.environment(), replace(REQUEST, min_ttl_seconds=700)).answer
    forced = harness.vend(harness.environment(), replace(REQUEST, min_ttl_seconds=880)).answer

    assert (kept.source, forced.source) == (Source.STORE, Source.PROVIDER)


def test_min_ttl_beyond_half_the_lifetime_is_refused() -> None:
    harness = Harness()
    harness.vend(harness.environment())

    with pytest.raises(InvalidRequestError, match="at most half"):
        harness.vend(harness.environment(), replace(REQUEST, min_ttl_seconds=886))


def test_memory_answers_through_a_store_outage_for_its_grace_and_no_longer() -> None:
    harness = Harness()
    environment = harness.environment()
    harness.vend(environment)
    harness.reader.fails_with = StoreAwayError("away")
    harness.tokens.is_away = True

    harness.clock.advance(timedelta(seconds=899))
    within = harness.vend(environment)
    harness.clock.advance(timedelta(seconds=1))

    assert within.answer.source is Source.MEMORY
    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(environment)


def test_token_is_answered_even_if_it_could_not_be_stored() -> None:
    harness = Harness()

    answer = json_response({"access_token": "kept", "token_type": "Bearer", "expires_in": 60})

    def answer_while_the_store_goes_away(_: ProviderRequest) -> ProviderResponse:
        harness.tokens.is_away = True
        return answer

    harness.provider.script(answer_while_the_store_goes_away)

    vended = harness.vend(harness.environment())

    assert vended.answer.token.access_token.reveal() == "kept"


def test_throttled_lease_is_lost_and_not_an_outage() -> None:
    harness = Harness()
    harness.tokens.acquire_lease = lambda *_, **__: None  # type: ignore[method-assign]

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "lease.wait"
    assert harness.provider.exchanges == 0


def test_no_exchange_starts_that_could_not_end_in_this_invocation() -> None:
    harness = Harness()
    environment = harness.environment()
    short = bounds.EXCHANGE_NEEDS - timedelta(seconds=1)

    with pytest.raises(TemporarilyUnavailableError):
        environment.vend(BILLING, REQUEST, time_left=short)

    assert harness.provider.exchanges == 0
    assert harness.clock.slept == [], "it does not wait for what cannot be"


def test_an_overdue_token_is_answered_where_there_is_no_time_to_replace_it() -> None:
    harness = Harness()
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=1800 * 0.92))
    short = bounds.EXCHANGE_NEEDS - timedelta(milliseconds=1)

    kept = harness.environment().vend(BILLING, REQUEST, time_left=short)
    replaced = harness.environment().vend(BILLING, REQUEST, time_left=bounds.EXCHANGE_NEEDS)

    assert (kept.answer.source, replaced.answer.source) == (Source.STORE, Source.PROVIDER)


def test_caller_over_its_limit_is_told_when_to_come_back() -> None:
    harness = Harness()
    harness.reader.callers[BILLING.identity] = Caller(name="billing", requests_per_minute=2)
    environment = harness.environment()
    harness.vend(environment)
    harness.vend(environment)

    with pytest.raises(TooManyRequestsError) as caught:
        harness.vend(environment)
    harness.clock.advance(timedelta(seconds=caught.value.retry_after_seconds))

    assert harness.vend(environment).answer.source is Source.STORE
