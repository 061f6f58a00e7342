"""An API key: answered as it stands in its secret, remembered for a moment, stored nowhere else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.vending.harness import API_KEY, BILLING, Harness, api_key_of, secret_of_key

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import (
    CredentialNotReadyError,
    InvalidRequestError,
    TemporarilyUnavailableError,
    UnauthorizedClientError,
)
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import Grant
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import TO_CALLERS

GRANT = Grant(caller="billing", credential=API_KEY.name, full_access=True)
REQUEST = VendRequest(API_KEY.name)


@pytest.fixture
def harness() -> Harness:
    harness = Harness()
    api_key_of(harness)
    harness.reader.grants[BILLING.identity, API_KEY.name] = GRANT
    return harness


def _put(harness: Harness, value: str, *, definition: CredentialDefinition = API_KEY) -> None:
    harness.secrets.secrets[definition.name, None] = secret_of_key(value)


def test_key_is_answered_with_its_header_and_as_no_bearer_token(harness: Harness) -> None:
    answer = harness.vend(harness.environment(), REQUEST).answer.to_dict()

    assert answer == {
        "access_token": "our-api-key",
        "token_type": "N_A",
        "expires_in": 300,
        "expires_at": int((harness.clock.now() + bounds.API_KEY_LIFETIME).timestamp()),
        "source": "store",
        "token_sha256": Secret("our-api-key").sha256,
        "header_name": "X-SmartToken",
        "header_prefix": "",
        "headers": {"X-SmartToken": "our-api-key"},
        "query": {},
    }


def test_credential_of_several_parts_is_answered_with_where_each_goes(harness: Harness) -> None:
    described = {
        "headers": {"X-Api-Key": "{secret.api_key}", "X-Account": "{secret.account}"},
        "query": {"version": "2"},
    }
    definition = replace(API_KEY, api_request=described)
    harness.reader.definitions[API_KEY.name] = definition
    fields = {"api_key": Secret("K"), "account": Secret("A-1")}
    secret = ProviderSecret("", Secret(""), TO_CALLERS, fields=fields)
    harness.secrets.secrets[API_KEY.name, None] = secret
    environment = harness.environment(memory=timedelta(seconds=30))

    answers = [harness.vend(environment, REQUEST).answer for _ in range(2)]

    assert [answer.source for answer in answers] == [Source.STORE, Source.MEMORY]
    for answer in answers:
        document = answer.to_dict()
        assert document["headers"] == {"X-Api-Key": "K", "X-Account": "A-1"}
        assert document["query"] == {"version": "2"}
        assert (document["access_token"], document["token_type"]) == ("K", "N_A")
        # One header would not be enough.
        assert not {"header_name", "header_prefix"} & document.keys()
    assert harness.tokens.writes == 0


def test_part_that_the_secret_lacks_is_not_left_out(harness: Harness) -> None:
    described = {"headers": {"X-Api-Key": "{secret.api_key}", "X-Account": "{secret.account}"}}
    harness.reader.definitions[API_KEY.name] = replace(API_KEY, api_request=described)
    secret = ProviderSecret("", Secret(""), TO_CALLERS, fields={"api_key": Secret("K")})
    harness.secrets.secrets[API_KEY.name, None] = secret

    with pytest.raises(CredentialNotReadyError) as caught:
        harness.vend(harness.environment(), REQUEST)

    assert caught.value.rule == "secret.unusable"


def test_key_leaves_no_trace_in_the_tokens_table_and_asks_no_provider(harness: Harness) -> None:
    environment = harness.environment()

    harness.vend(environment, REQUEST)
    harness.clock.advance(timedelta(seconds=31))
    harness.vend(environment, REQUEST)

    assert harness.tokens.writes == 0
    assert harness.provider.requests == []


def test_memory_answers_for_as_long_as_it_is_trusted_and_then_a_changed_key_is_seen(
    harness: Harness,
) -> None:
    environment = harness.environment(memory=timedelta(seconds=30))
    harness.vend(environment, REQUEST)
    _put(harness, "rotated")

    harness.clock.advance(timedelta(seconds=29.9))
    before = harness.vend(environment, REQUEST).answer
    harness.clock.advance(timedelta(seconds=0.1))
    after = harness.vend(environment, REQUEST).answer

    assert (before.source, before.token.access_token) == (Source.MEMORY, Secret("our-api-key"))
    assert (after.source, after.token.access_token) == (Source.STORE, Secret("rotated"))
    assert harness.secrets.reads == 2


def test_removed_grant_ends_it(harness: Harness) -> None:
    environment = harness.environment(memory=timedelta(seconds=30))
    harness.vend(environment, REQUEST)
    harness.reader.grants.clear()

    harness.clock.advance(timedelta(seconds=30))

    with pytest.raises(UnauthorizedClientError):
        harness.vend(environment, REQUEST)


def test_secret_of_a_client_is_not_handed_out_as_a_key(harness: Harness) -> None:
    """Whoever may edit the file, but no secret, turns a client's definition into a key's."""
    harness.reader.definitions["jobs"] = replace(API_KEY, name="jobs")
    harness.reader.grants[BILLING.identity, "jobs"] = replace(GRANT, credential="jobs")

    with pytest.raises(CredentialNotReadyError) as caught:
        harness.vend(harness.environment(), VendRequest("jobs"))

    assert caught.value.rule == "secret.host"


def test_key_is_not_sent_to_a_token_endpoint(harness: Harness) -> None:
    """... and the other way round."""
    token_endpoint = "https://evil.example/token"
    client = replace(harness.reader.definitions["jobs"], token_endpoint=token_endpoint)
    harness.reader.definitions["jobs"] = client
    _put(harness, "our-api-key", definition=client)

    with pytest.raises(CredentialNotReadyError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "secret.host"
    assert harness.provider.requests == []


def test_definition_without_a_header_is_not_ready(harness: Harness) -> None:
    harness.reader.definitions[API_KEY.name] = replace(API_KEY, api_request={})

    with pytest.raises(CredentialNotReadyError) as caught:
        harness.vend(harness.environment(), REQUEST)

    assert caught.value.rule == "api_key.header"


def test_secrets_manager_away_is_temporary(harness: Harness) -> None:
    harness.secrets.is_away = True

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.vend(harness.environment(), REQUEST)

    assert (caught.value.rule, caught.value.caller) == ("secret.away", "billing")


@pytest.mark.parametrize(("min_ttl", "granted"), [(150, True), (151, False)])
def test_min_ttl_is_at_most_half_of_the_time_until_the_next_question(
    harness: Harness, min_ttl: int, *, granted: bool
) -> None:
    request = replace(REQUEST, min_ttl_seconds=min_ttl)

    if granted:
        assert harness.vend(harness.environment(), request).answer.source is Source.STORE
        return
    with pytest.raises(InvalidRequestError):
        harness.vend(harness.environment(), request)
