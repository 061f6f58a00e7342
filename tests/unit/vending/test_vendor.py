"""What a caller sees of the vend path: memory, the table, an exchange, and when each fails."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.world import (
    BILLING,
    DEFINITION,
    GRANT,
    INVOCATION,
    READ,
    REQUEST,
    World,
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
    world = World()
    first, second = world.environment(), world.environment()

    sources = [
        world.vend(first).answer.source,
        world.vend(first).answer.source,
        world.vend(second).answer.source,
    ]

    assert sources == [Source.PROVIDER, Source.MEMORY, Source.STORE]
    assert world.provider.exchanges == 1


def test_memory_is_not_trusted_longer_than_it_may_be() -> None:
    world = World()
    environment = world.environment(memory=timedelta(seconds=30))
    world.vend(environment)

    world.clock.advance(timedelta(seconds=29))
    within = world.vend(environment).answer.source
    world.clock.advance(timedelta(seconds=1))
    beyond = world.vend(environment).answer.source

    assert (within, beyond) == (Source.MEMORY, Source.STORE)


def test_second_check_of_the_same_request_is_one_read() -> None:
    world = World()
    environment = world.environment(memory=timedelta(0))
    world.vend(environment)
    world.reader.lookups.clear()
    reads = world.tokens.reads

    world.vend(environment)

    assert len(world.reader.lookups) == 1
    assert world.tokens.reads == reads + 1, "the token came with the one batched read"


def test_removed_grant_is_gone_when_memory_is_no_longer_trusted() -> None:
    world = World()
    environment = world.environment()
    world.vend(environment)
    world.reader.grants.clear()
    world.clock.advance(timedelta(seconds=30))

    with pytest.raises(UnauthorizedClientError):
        world.vend(environment)
    with pytest.raises(UnauthorizedClientError):
        world.vend(environment)


def test_memory_answers_nobody_whose_proof_does_not_hold() -> None:
    world = World()
    world.reader.callers[BILLING.identity] = Caller(name="billing", unique_id=BILLING.unique_id)
    environment = world.environment()
    world.vend(environment)
    recreated = replace(BILLING, unique_id="AROAANOTHERROLE000")

    with pytest.raises(InvalidClientError) as caught:
        world.vend(environment, proof=recreated)

    assert caught.value.rule == "caller.unique_id"


def test_memory_answers_no_client_with_another_secret() -> None:
    world = World()
    client = Proof(Entry.OAUTH2, "client:shop", client_secret=Secret("tv_right"))
    world.reader.callers["client:shop"] = Caller(name="billing")
    world.reader.grants["client:shop", "jobs"] = GRANT
    world.reader.client_secret_hashes["client:shop"] = (Secret("tv_right").sha256,)
    environment = world.environment()
    world.vend(environment, proof=client)

    with pytest.raises(InvalidClientError) as caught:
        world.vend(environment, proof=replace(client, client_secret=Secret("tv_wrong")))

    assert caught.value.rule == "caller.secret"


def test_unknown_client_costs_one_read_in_thirty_seconds() -> None:
    world = World()
    stranger = Proof(Entry.OAUTH2, "client:nobody", client_secret=Secret("tv_guess"))
    environment = world.environment()

    for _ in range(5):
        with pytest.raises(InvalidClientError):
            world.vend(environment, proof=stranger)
    within = len(world.reader.lookups)
    world.clock.advance(bounds.UNKNOWN_CLIENT_REMEMBERED)
    with pytest.raises(InvalidClientError):
        world.vend(environment, proof=stranger)

    assert (within, len(world.reader.lookups)) == (1, 2)


def test_overdue_token_is_replaced_by_one_request() -> None:
    world = World()
    world.vend(world.environment())
    world.clock.advance(timedelta(seconds=1800 * 0.92))

    answer = world.vend(world.environment()).answer

    assert answer.source is Source.PROVIDER
    assert world.provider.exchanges == 2


def test_overdue_token_is_answered_while_another_environment_replaces_it() -> None:
    world = World()
    key = world.vend(world.environment()).decision.key
    world.clock.advance(timedelta(seconds=1800 * 0.92))
    held = world.tokens.read(key)
    lease = new_lease(
        now=world.clock.now(),
        dies_at=world.clock.now() + INVOCATION,
        expected=timedelta(seconds=1),
    )
    world.tokens.seed(key, TokenItem(token=held.token, lease=lease))

    answer = world.vend(world.environment()).answer

    assert answer.source is Source.STORE
    assert world.clock.slept == [0.0], "only the first exchange took its (no) time"


def test_valid_token_is_served_when_its_replacement_fails() -> None:
    world = World()
    world.vend(world.environment())
    world.clock.advance(timedelta(seconds=1800 * 0.92))
    world.provider.script(json_response({"error": "server_error"}, status=500))

    vended = world.vend(world.environment())
    again = world.vend(world.environment())

    assert vended.answer.source is Source.STORE
    assert isinstance(vended.failed, TemporarilyUnavailableError)
    assert again.failed is None, "the failure is remembered: nobody asks again at once"
    assert world.provider.exchanges == 2


def test_token_that_runs_out_while_its_replacement_fails_is_not_answered() -> None:
    world = World()
    world.vend(world.environment())
    world.clock.advance(timedelta(seconds=1768))
    world.provider.takes_seconds = 3
    world.provider.script(json_response({"error": "server_error"}, status=500))

    with pytest.raises(TemporarilyUnavailableError):
        world.vend(world.environment())


def test_expired_token_is_never_answered() -> None:
    world = World()
    first = world.vend(world.environment()).answer.token
    world.clock.advance(timedelta(seconds=1800))
    world.provider.is_away = True

    with pytest.raises(TemporarilyUnavailableError):
        world.vend(world.environment())

    assert first.is_expired(world.clock.now())


def test_dead_credential_is_left_alone_until_its_back_off_is_over() -> None:
    world = World()
    world.provider.script(json_response({"error": "invalid_client"}, status=401))

    for _ in range(3):
        with pytest.raises(ProviderRefusedError) as caught:
            world.vend(world.environment())
        assert caught.value.provider_error == "invalid_client"
    world.clock.advance(bounds.BACKOFF_FIRST)
    recovered = world.vend(world.environment()).answer.source

    assert recovered is Source.PROVIDER
    assert world.provider.exchanges == 2


def test_changed_secret_replaces_a_valid_token_but_never_makes_an_outage() -> None:
    world = World()
    first = world.vend(world.environment()).answer.token
    world.states.start_epoch("jobs", None, "changed")
    world.provider.script(json_response({"error": "invalid_client"}, status=401))

    mistyped = world.vend(world.environment()).answer.token
    world.clock.advance(bounds.BACKOFF_FIRST)
    mended = world.vend(world.environment()).answer

    assert mistyped == first
    assert mended.source is Source.PROVIDER
    assert mended.token.epoch == "changed"


def test_secret_is_not_sent_to_another_host_than_it_was_written_for() -> None:
    world = World()
    world.secrets.secrets["jobs", None] = ProviderSecret(
        "our-client", Secret("our-secret"), "login.elsewhere.example"
    )

    with pytest.raises(CredentialNotReadyError) as caught:
        world.vend(world.environment())

    assert caught.value.rule == "secret.host"
    assert world.provider.requests == []


def test_missing_secret_is_said_and_not_held_against_the_provider() -> None:
    world = World()
    kept = world.secrets.secrets.pop(("jobs", None))

    with pytest.raises(CredentialNotReadyError, match="tokenvend secret put jobs"):
        world.vend(world.environment())
    world.secrets.secrets["jobs", None] = kept

    assert world.vend(world.environment()).answer.source is Source.PROVIDER


def test_wider_token_is_refused_revoked_and_remembered() -> None:
    world = World(
        definition=replace(DEFINITION, revocation_endpoint="https://login.acme.example/revoke")
    )
    wide = {"access_token": "wide", "token_type": "bearer", "scope": "jobs_read jobs_manage"}
    world.provider.script(json_response(wide), json_response({}))

    for _ in range(2):
        with pytest.raises(ProviderRefusedError) as caught:
            world.vend(world.environment())
        assert caught.value.provider_error == "scope_widened"

    assert [request.url.rpartition("/")[2] for request in world.provider.requests] == [
        "token",
        "revoke",
    ]


def test_token_is_not_revoked_at_a_host_that_may_not_have_the_secret() -> None:
    world = World(definition=replace(DEFINITION, revocation_endpoint="https://evil.example/revoke"))
    wide = {"access_token": "wide", "token_type": "bearer", "scope": "jobs_read jobs_manage"}
    world.provider.script(json_response(wide))

    with pytest.raises(ProviderRefusedError):
        world.vend(world.environment())

    assert len(world.provider.requests) == 1


@pytest.mark.parametrize("accept_less", [True, False])
def test_narrower_token_is_honest_or_refused(*, accept_less: bool) -> None:
    grant = replace(GRANT, scopes=DEFINITION.scopes, accept_less=accept_less)
    world = World(grant=grant)
    world.provider.script(
        json_response({"access_token": "less", "token_type": "Bearer", "scope": "jobs_read"})
    )

    if accept_less:
        assert world.vend(world.environment()).answer.to_dict()["scope"] == "jobs_read"
    else:
        with pytest.raises(InvalidScopeError) as caught:
            world.vend(world.environment())
        assert caught.value.rule == "grant.accept_less"


def test_fixed_credential_answers_its_whole_scope_and_sends_none() -> None:
    world = World(
        definition=replace(DEFINITION, scope_mode=ScopeMode.FIXED),
        grant=replace(GRANT, scopes=DEFINITION.scopes),
    )

    answer = world.vend(world.environment(), VendRequest("jobs", scopes=READ)).answer

    assert answer.to_dict()["scope"] == "jobs_manage jobs_read"
    assert "scope" not in world.provider.requests[0].form


def test_min_ttl_forces_an_exchange_for_a_token_that_is_too_near_its_end() -> None:
    world = World()
    world.vend(world.environment())
    world.clock.advance(timedelta(seconds=1000))

    kept = world.vend(world.environment(), replace(REQUEST, min_ttl_seconds=700)).answer
    forced = world.vend(world.environment(), replace(REQUEST, min_ttl_seconds=880)).answer

    assert (kept.source, forced.source) == (Source.STORE, Source.PROVIDER)


def test_min_ttl_beyond_half_the_lifetime_is_refused() -> None:
    world = World()
    world.vend(world.environment())

    with pytest.raises(InvalidRequestError, match="at most half"):
        world.vend(world.environment(), replace(REQUEST, min_ttl_seconds=886))


def test_memory_answers_through_a_store_outage_for_its_grace_and_no_longer() -> None:
    world = World()
    environment = world.environment()
    world.vend(environment)
    world.reader.fails_with = StoreAwayError("away")
    world.tokens.is_away = True

    world.clock.advance(timedelta(seconds=899))
    within = world.vend(environment)
    world.clock.advance(timedelta(seconds=1))

    assert within.answer.source is Source.MEMORY
    with pytest.raises(TemporarilyUnavailableError):
        world.vend(environment)


def test_token_is_answered_even_if_it_could_not_be_stored() -> None:
    world = World()

    answer = json_response({"access_token": "kept", "token_type": "Bearer", "expires_in": 60})

    def answer_while_the_store_goes_away(_: ProviderRequest) -> ProviderResponse:
        world.tokens.is_away = True
        return answer

    world.provider.script(answer_while_the_store_goes_away)

    vended = world.vend(world.environment())

    assert vended.answer.token.access_token.reveal() == "kept"


def test_throttled_lease_is_lost_and_not_an_outage() -> None:
    world = World()
    world.tokens.acquire_lease = lambda *_, **__: None  # type: ignore[method-assign]

    with pytest.raises(TemporarilyUnavailableError) as caught:
        world.vend(world.environment())

    assert caught.value.rule == "lease.wait"
    assert world.provider.exchanges == 0


def test_no_exchange_starts_that_could_not_end_in_this_invocation() -> None:
    world = World()
    environment = world.environment()
    short = bounds.EXCHANGE_NEEDS - timedelta(seconds=1)

    with pytest.raises(TemporarilyUnavailableError):
        environment.vend(BILLING, REQUEST, time_left=short)

    assert world.provider.exchanges == 0
    assert world.clock.slept == [], "it does not wait for what cannot be"


def test_an_overdue_token_is_answered_where_there_is_no_time_to_replace_it() -> None:
    world = World()
    world.vend(world.environment())
    world.clock.advance(timedelta(seconds=1800 * 0.92))
    short = bounds.EXCHANGE_NEEDS - timedelta(milliseconds=1)

    kept = world.environment().vend(BILLING, REQUEST, time_left=short)
    replaced = world.environment().vend(BILLING, REQUEST, time_left=bounds.EXCHANGE_NEEDS)

    assert (kept.answer.source, replaced.answer.source) == (Source.STORE, Source.PROVIDER)


def test_caller_over_its_limit_is_told_when_to_come_back() -> None:
    world = World()
    world.reader.callers[BILLING.identity] = Caller(name="billing", requests_per_minute=2)
    environment = world.environment()
    world.vend(environment)
    world.vend(environment)

    with pytest.raises(TooManyRequestsError) as caught:
        world.vend(environment)
    world.clock.advance(timedelta(seconds=caught.value.retry_after_seconds))

    assert world.vend(environment).answer.source is Source.STORE
