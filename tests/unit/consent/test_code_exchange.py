"""The code that a user came back with: the requests for it, and what is stored of the answer."""

import json
from base64 import urlsafe_b64encode
from dataclasses import replace

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.provider import FakeProvider, json_response
from tests.fakes.secret_store import FakeSecretStore
from tests.unit.consent.harness import DEFINITION

from tokenvend.consent.code_exchange import CodeExchange
from tokenvend.consent.permission import ConsentGrant
from tokenvend.domain.credential_definition import Authorization
from tokenvend.domain.errors import (
    PROVIDER_AWAY,
    ProviderRefusedError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.oauth.code_exchange import Consented
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import Caller, Grant
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret
from tokenvend.domain.token_presentation import BEARER, request_parts

READ = frozenset({"jobs_read"})
TOKEN = {
    "access_token": "access-1",
    "token_type": "Bearer",
    "expires_in": 1799,
    "refresh_token": "refresh-1",
}
ME = "https://hiring.example/users/me"


class Exchanging:
    """One provider, and who exchanges with it."""

    def __init__(self, *, account_endpoint: str | None = ME) -> None:
        self.provider, self.clock = FakeProvider(), FakeClock()
        self.secrets = FakeSecretStore()
        self.secrets.secrets["hiring", None] = ProviderSecret(
            "our client", Secret("our-secret"), "Hiring.Example"
        )
        authorization = DEFINITION.authorization
        assert authorization is not None
        self.authorization: Authorization = replace(
            authorization, account_endpoint=account_endpoint
        )

    def run(
        self, *, requested_scopes: Scopes = READ, **fields: object
    ) -> tuple[Consented, str | None]:
        if not self.provider.is_away:
            self.provider.script(json_response({**TOKEN, **fields}))
        consent_grant = ConsentGrant(
            caller=Caller(name="shop"),
            grant=Grant(caller="shop", credential="hiring", scopes=READ),
            definition=replace(DEFINITION, authorization=self.authorization),
            authorization=self.authorization,
        )
        exchange = CodeExchange(secret_store=self.secrets, provider=self.provider, clock=self.clock)
        return exchange.run(
            consent_grant, Secret("code-1"), Secret("verifier-1"), requested_scopes=requested_scopes
        )


def id_token(subject: object) -> str:
    payload = json.dumps({"sub": subject}).encode()
    return f"e30.{urlsafe_b64encode(payload).rstrip(b'=').decode()}.c2ln"


def test_the_code_and_its_verifier_are_sent_and_what_comes_counts_from_before() -> None:
    harness = Exchanging()
    requested_at = harness.clock.now()

    consented, _ = harness.run()

    (request,) = harness.provider.requests
    assert (request.form["code"], request.form["code_verifier"]) == ("code-1", "verifier-1")
    assert request.url == DEFINITION.token_endpoint
    assert consented.refresh_token == Secret("refresh-1")
    assert (consented.token.requested_at, consented.token.scopes) == (requested_at, READ)


def test_whose_it_is_is_asked_with_the_users_token_of_the_host_that_has_the_secret() -> None:
    harness = Exchanging()
    harness.provider.account = {"id": "ada"}

    _, account = harness.run()

    assert account == "ada"
    assert harness.provider.asked == [(ME, request_parts(BEARER, Secret("access-1")))]


@pytest.mark.parametrize("endpoint", [None, "https://evil.example/me"])
def test_whose_it_is_is_asked_of_nobody_else(endpoint: str | None) -> None:
    harness = Exchanging(account_endpoint=endpoint)

    assert harness.run()[1] is None
    assert harness.provider.asked == []


def test_an_id_token_says_whose_it_is_without_asking() -> None:
    harness = Exchanging()

    assert harness.run(id_token=id_token("user-7"))[1] == "user-7"
    assert harness.provider.asked == []
    assert harness.run(id_token=id_token(""))[1] == "ada"


def test_a_provider_that_does_not_answer_says_so() -> None:
    harness = Exchanging()
    harness.provider.is_away = True

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.run()

    assert caught.value.rule == PROVIDER_AWAY
    assert caught.value.description == "The provider did not answer in time."


def test_more_than_the_user_was_asked_for_is_revoked_and_not_kept() -> None:
    harness = Exchanging()

    with pytest.raises(ProviderRefusedError) as caught:
        harness.run(scope="jobs_read jobs_manage")

    assert caught.value.provider_error == "scope_widened"
    assert caught.value.description == (
        "The provider gave more scopes than the user was asked for, so the consent was not stored."
    )
    revocation = harness.provider.requests[-1]
    assert revocation.url == DEFINITION.revocation_endpoint
    assert revocation.form == {"token": "refresh-1", "token_type_hint": "refresh_token"}


def test_where_nothing_was_named_whatever_comes_is_kept() -> None:
    consented, _ = Exchanging().run(requested_scopes=frozenset(), scope="jobs_read jobs_manage")

    assert consented.token.scopes == {"jobs_read", "jobs_manage"}
