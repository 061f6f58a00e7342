"""Rules of one line, each on both sides of its line."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.fakes.clock import START
from tests.fakes.provider import json_response
from tests.unit.consent.refreshing import CONSENT, DEFINITION, KEY

from tokenvend.domain.answer import Source, VendAnswer
from tokenvend.domain.connection import Connection, PendingConsent, is_abandoned
from tokenvend.domain.connection_request import Action, parse_connection_request
from tokenvend.domain.consent import BrowserFlow, ConsentSession, code_challenge_of
from tokenvend.domain.credential_definition import CredentialKind
from tokenvend.domain.credential_state import ObservedExchange, concerns_credential, observed_in
from tokenvend.domain.errors import (
    PROVIDER_AWAY,
    CredentialNotReadyError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.freshness import in_use_from, schedule_missed_from
from tokenvend.domain.oauth.token_response import parse_token_response
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import TO_CALLERS, destination_of
from tokenvend.domain.token import AccessToken, LifetimeSource, SecretStage
from tokenvend.domain.token_presentation import Header

INSTANT = timedelta(microseconds=1)
UNTIL = START + timedelta(minutes=10)
PENDING = PendingConsent(consent=CONSENT, code_sha256="0" * 64, expires_at=UNTIL)
TOKEN = AccessToken(
    access_token=Secret("a-token"),
    scopes=frozenset({"b", "a"}),
    requested_at=START,
    expires_at=START + timedelta(seconds=100),
    lifetime_source=LifetimeSource.JWT_EXP,
    secret_stage=SecretStage.PENDING,
)
FIELDS = {
    "access_token": "a-token",
    "token_type": "Bearer",
    "expires_in": 99,
    "scope": "a b",
    "expires_at": int(TOKEN.expires_at.timestamp()),
    "source": "store",
    "token_sha256": Secret("a-token").sha256,
    "header_name": "Authorization",
    "header_prefix": "Bearer ",
    "headers": {"Authorization": "Bearer a-token"},
    "query": {},
}


def answer(token: AccessToken = TOKEN) -> dict[str, object]:
    return VendAnswer(token, Source.STORE, START + timedelta(seconds=0.5)).to_dict()


def test_an_answer_has_the_fields_of_the_rfc_and_ours() -> None:
    assert answer() == FIELDS


def test_an_answer_without_scopes_says_none_and_one_with_another_header_is_no_bearer_token() -> (
    None
):
    unscoped = answer(replace(TOKEN, scopes=frozenset()))
    key = answer(replace(TOKEN, sent_as=Header("X-Key")))

    assert unscoped == {name: value for name, value in FIELDS.items() if name != "scope"}
    assert key == FIELDS | {
        "token_type": "N_A",
        "header_name": "X-Key",
        "header_prefix": "",
        "headers": {"X-Key": "a-token"},
    }


@pytest.mark.parametrize(
    ("connection", "now", "dead"),
    [
        (Connection(key=KEY), START, True),
        (Connection(key=KEY, pending=PENDING), UNTIL - INSTANT, False),
        (Connection(key=KEY, pending=PENDING), UNTIL, True),
        (Connection(key=KEY, consent=CONSENT, number=1), UNTIL, False),
        (Connection(key=KEY, consent=CONSENT, number=1, is_lost=True), UNTIL, False),
        (Connection(key=KEY, consent=CONSENT, number=1, pending=PENDING), UNTIL, False),
    ],
)
def test_a_connection_is_dead_if_its_only_consent_was_never_completed_in_time(
    connection: Connection, now: datetime, *, dead: bool
) -> None:
    assert is_abandoned(connection, now) is dead


def test_a_start_says_where_the_user_comes_back_to() -> None:
    url = "https://shop.example/back?tab=hiring"

    request = parse_connection_request(
        Action.START, "hiring", {"connection": "ada", "return_url": url, "scope": "b a"}
    )

    assert (request.return_url, request.connection) == (url, "ada")
    assert request.scopes == frozenset({"a", "b"})


def test_a_flow_is_of_the_browser_in_which_it_was_begun() -> None:
    flow = BrowserFlow(browser_sha256=Secret("mine").sha256, code_verifier=Secret("v"))

    assert flow.is_same_browser(Secret("mine"))
    assert not flow.is_same_browser(Secret("yours"))
    assert not flow.is_same_browser(None)


def test_a_session_is_over_at_its_instant() -> None:
    session = ConsentSession(
        identity="iam:x", key=KEY, scopes=frozenset(), return_url="https://a/", expires_at=UNTIL
    )

    assert not session.is_expired(UNTIL - INSTANT)
    assert session.is_expired(UNTIL)


def test_a_challenge_is_the_verifiers_sha_256() -> None:
    """The example of RFC 7636, appendix B."""
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    assert code_challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_an_exchange_shows_the_lifetime_who_stated_it_and_which_secret() -> None:
    assert observed_in(TOKEN) == ObservedExchange(
        lifetime_seconds=100,
        lifetime_source=LifetimeSource.JWT_EXP,
        secret_stage=SecretStage.PENDING,
    )


@pytest.mark.parametrize(
    ("error", "concerns_all"),
    [
        (ProviderRefusedError("x", provider_error="invalid_client"), True),
        (ProviderRefusedError("x", provider_error="http_401"), True),
        (ProviderRefusedError("x", provider_error="unauthorized_client"), False),
        (ProviderRefusedError("x", provider_error="invalid_scope"), False),
        (TemporarilyUnavailableError("x", rule="provider.rate"), True),
        (TemporarilyUnavailableError("x", rule=PROVIDER_AWAY), False),
        (CredentialNotReadyError("x", rule="provider.rate"), False),
        (ValueError("x"), False),
    ],
)
def test_a_failure_concerns_every_token_if_it_is_about_the_client(
    error: Exception, *, concerns_all: bool
) -> None:
    assert concerns_credential(error) is concerns_all


def test_a_secret_goes_to_the_token_endpoints_host_and_an_api_key_to_callers() -> None:
    assert destination_of(DEFINITION) == "login.acme.example"
    assert destination_of(replace(DEFINITION, kind=CredentialKind.API_KEY)) == TO_CALLERS


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (7, "its scope is neither a text nor a list of texts"),
        (["a", 7], "its scope is neither a text nor a list of texts"),
        ('a"b', "its scope has a character not allowed"),
    ],
)
def test_a_scope_that_is_none_is_said_in_words(scope: object, words: str) -> None:
    response = json_response({"access_token": "a", "expires_in": 60, "scope": scope})

    with pytest.raises(ProviderRefusedError) as caught:
        parse_token_response(response, DEFINITION, requested_scopes=frozenset(), requested_at=START)

    assert caught.value.description == f"The provider's answer was not used: {words}."


def test_who_asks_in_the_first_moments_of_a_long_life_asks_for_no_other_token() -> None:
    token = replace(TOKEN, expires_at=START + timedelta(minutes=30))

    assert START < in_use_from("80" * 32, token) < schedule_missed_from("80" * 32, token)


def test_half_a_character_is_a_secret_like_any_other() -> None:
    half = Secret("\ud800")

    assert half == Secret("\ud800")
    assert half != Secret("\ud801")
    assert half.sha256 == hashlib.sha256(b"\xed\xa0\x80").hexdigest()
