"""An API key: handed out as it is kept, remembered for a moment, stored nowhere else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.vending.world import API_KEY, BILLING, World, api_key_of

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import (
    CredentialNotReadyError,
    InvalidRequestError,
    TemporarilyUnavailableError,
    UnauthorizedClientError,
)
from tokenvend.domain.oauth.token_request import TO_CALLERS, ProviderSecret
from tokenvend.domain.registry import CredentialDefinition, Grant
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret

GRANT = Grant(caller="billing", credential=API_KEY.name, full_access=True)
REQUEST = VendRequest(API_KEY.name)


@pytest.fixture
def world() -> World:
    world = World()
    api_key_of(world)
    world.reader.grants[BILLING.identity, API_KEY.name] = GRANT
    return world


def _put(world: World, value: str, *, definition: CredentialDefinition = API_KEY) -> None:
    secret = ProviderSecret("", Secret(value), TO_CALLERS)
    world.secrets.secrets[definition.name, None] = secret


def test_key_is_answered_with_its_header_and_as_no_bearer_token(world: World) -> None:
    answer = world.vend(world.environment(), REQUEST).answer.to_dict()

    assert answer == {
        "access_token": "our-api-key",
        "token_type": "N_A",
        "expires_in": 300,
        "expires_at": int((world.clock.now() + bounds.API_KEY_LIFETIME).timestamp()),
        "source": "store",
        "token_sha256": Secret("our-api-key").sha256,
        "header_name": "X-SmartToken",
        "header_prefix": "",
        "headers": {"X-SmartToken": "our-api-key"},
        "query": {},
    }


def test_credential_of_several_parts_is_answered_with_where_each_goes(world: World) -> None:
    described = {
        "headers": {"X-Api-Key": "{secret.api_key}", "X-Account": "{secret.account}"},
        "query": {"version": "2"},
    }
    definition = replace(API_KEY, api_key_header=None, api_key_parts=described)
    world.reader.definitions[API_KEY.name] = definition
    fields = {"api_key": Secret("K"), "account": Secret("A-1")}
    secret = ProviderSecret("", Secret(""), TO_CALLERS, fields=fields)
    world.secrets.secrets[API_KEY.name, None] = secret
    environment = world.environment(memory=timedelta(seconds=30))

    answers = [world.vend(environment, REQUEST).answer for _ in range(2)]

    assert [answer.source for answer in answers] == [Source.STORE, Source.MEMORY]
    for answer in answers:
        document = answer.to_dict()
        assert document["headers"] == {"X-Api-Key": "K", "X-Account": "A-1"}
        assert document["query"] == {"version": "2"}
        assert (document["access_token"], document["token_type"]) == ("K", "N_A")
        # One header would not be enough.
        assert not {"header_name", "header_prefix"} & document.keys()
    assert world.tokens.writes == 0


def test_part_that_the_secret_lacks_is_not_left_out(world: World) -> None:
    described = {"headers": {"X-Api-Key": "{secret.api_key}", "X-Account": "{secret.account}"}}
    world.reader.definitions[API_KEY.name] = replace(
        API_KEY, api_key_header=None, api_key_parts=described
    )
    secret = ProviderSecret("", Secret(""), TO_CALLERS, fields={"api_key": Secret("K")})
    world.secrets.secrets[API_KEY.name, None] = secret

    with pytest.raises(CredentialNotReadyError) as caught:
        world.vend(world.environment(), REQUEST)

    assert caught.value.rule == "secret.unusable"


def test_key_leaves_no_trace_in_the_tokens_table_and_asks_no_provider(world: World) -> None:
    environment = world.environment()

    world.vend(environment, REQUEST)
    world.clock.advance(timedelta(seconds=31))
    world.vend(environment, REQUEST)

    assert world.tokens.writes == 0
    assert world.provider.requests == []


def test_memory_answers_for_as_long_as_it_is_trusted_and_then_a_changed_key_is_seen(
    world: World,
) -> None:
    environment = world.environment(memory=timedelta(seconds=30))
    world.vend(environment, REQUEST)
    _put(world, "rotated")

    world.clock.advance(timedelta(seconds=29.9))
    before = world.vend(environment, REQUEST).answer
    world.clock.advance(timedelta(seconds=0.1))
    after = world.vend(environment, REQUEST).answer

    assert (before.source, before.token.access_token) == (Source.MEMORY, Secret("our-api-key"))
    assert (after.source, after.token.access_token) == (Source.STORE, Secret("rotated"))
    assert world.secrets.reads == 2


def test_removed_grant_ends_it(world: World) -> None:
    environment = world.environment(memory=timedelta(seconds=30))
    world.vend(environment, REQUEST)
    world.reader.grants.clear()

    world.clock.advance(timedelta(seconds=30))

    with pytest.raises(UnauthorizedClientError):
        world.vend(environment, REQUEST)


def test_secret_of_a_client_is_not_handed_out_as_a_key(world: World) -> None:
    """Whoever may edit the file, but no secret, turns a client's definition into a key's."""
    world.reader.definitions["jobs"] = replace(API_KEY, name="jobs")
    world.reader.grants[BILLING.identity, "jobs"] = replace(GRANT, credential="jobs")

    with pytest.raises(CredentialNotReadyError) as caught:
        world.vend(world.environment(), VendRequest("jobs"))

    assert caught.value.rule == "secret.host"


def test_key_is_not_sent_to_a_token_endpoint(world: World) -> None:
    """... and the other way round."""
    token_endpoint = "https://evil.example/token"
    client = replace(world.reader.definitions["jobs"], token_endpoint=token_endpoint)
    world.reader.definitions["jobs"] = client
    _put(world, "our-api-key", definition=client)

    with pytest.raises(CredentialNotReadyError) as caught:
        world.vend(world.environment())

    assert caught.value.rule == "secret.host"
    assert world.provider.requests == []


def test_definition_without_a_header_is_not_ready(world: World) -> None:
    world.reader.definitions[API_KEY.name] = replace(API_KEY, api_key_header=None)

    with pytest.raises(CredentialNotReadyError) as caught:
        world.vend(world.environment(), REQUEST)

    assert caught.value.rule == "api_key.header"


def test_secrets_manager_away_is_temporary(world: World) -> None:
    world.secrets.is_away = True

    with pytest.raises(TemporarilyUnavailableError) as caught:
        world.vend(world.environment(), REQUEST)

    assert (caught.value.rule, caught.value.caller) == ("secret.away", "billing")


@pytest.mark.parametrize(("min_ttl", "granted"), [(150, True), (151, False)])
def test_min_ttl_is_at_most_half_of_the_time_until_the_next_question(
    world: World, min_ttl: int, *, granted: bool
) -> None:
    request = replace(REQUEST, min_ttl_seconds=min_ttl)

    if granted:
        assert world.vend(world.environment(), request).answer.source is Source.STORE
        return
    with pytest.raises(InvalidRequestError):
        world.vend(world.environment(), request)
