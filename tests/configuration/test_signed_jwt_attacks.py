"""No change of the file, no request and no mistyped secret gives a key or another's token."""

from dataclasses import replace
from typing import Any

import pytest
from joserfc.errors import JoseError
from tests.configuration.described import answer, token_endpoint
from tests.configuration.signed_jwts import (
    APP_STORE,
    APP_STORE_SECRET,
    EC_PAIR,
    GHOST,
    GHOST_SECRET,
    GITHUB_APP,
    GITHUB_SECRET,
    HEYMARKET_SECRET,
    KIND,
    RSA_PAIR,
    SHARED_HEX,
    definition,
    signed,
    verified,
)
from tests.fakes.clock import FakeClock

from tokenvend.domain.credential_definition import CredentialKind
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import destination_of, may_be_used

RECORDED = "@signs:appstoreconnect-v1 @callers:issuer_id @callers:key_id"


def refused(
    provider: dict[str, Any], secret: dict[str, str], *, host: str | None = None, **credential: Any
) -> CredentialNotReadyError:
    """Return the error of a caller who gets no token. It shows none of *secret*."""
    got = answer(provider, secret, clock=FakeClock(), host=host, **(KIND | credential))

    assert isinstance(got.error, CredentialNotReadyError)
    told = f"{got.fields} {got.error!r} {got.error.__cause__!r}"
    assert not any(each in told for each in secret.values())
    return got.error


def test_secret_records_the_audience_and_the_fields_that_a_token_shows() -> None:
    assert destination_of(definition(APP_STORE)) == RECORDED
    assert destination_of(definition(GHOST)) == "@signs:/admin/ @callers:key_id"
    assert destination_of(definition(GITHUB_APP)) == "@signs: @callers:client_id"


@pytest.mark.parametrize(
    "audience",
    ["https://oauth2.googleapis.example/token", "{secret.issuer_id}", ["appstoreconnect-v1"], 7],
    ids=str,
)
def test_changed_file_cannot_have_the_key_sign_for_another_audience(audience: object) -> None:
    claims = APP_STORE["signed_jwt"]["claims"] | {"aud": audience}
    changed = {"signed_jwt": APP_STORE["signed_jwt"] | {"claims": claims}}

    assert refused(changed, APP_STORE_SECRET, host=RECORDED).rule == "secret.host"


def test_audience_that_a_tag_cannot_hold_is_recorded_by_its_hash() -> None:
    audiences = ["a b", "https://x.example/?a", "{secret.a}", ["a", "b"], "x" * 129]
    recorded = {
        destination_of(definition({"signed_jwt": {"algorithm": "ES256", "claims": {"aud": each}}}))
        for each in audiences
    }

    assert len(recorded) == len(audiences)
    assert all(each.startswith("@signs:sha256=") for each in recorded)


def test_changed_file_cannot_show_another_field_of_the_secret() -> None:
    claims = APP_STORE["signed_jwt"]["claims"] | {"note": "{secret.recovery_code}"}
    changed = {"signed_jwt": APP_STORE["signed_jwt"] | {"claims": claims}}

    error = refused(changed, APP_STORE_SECRET | {"recovery_code": "r3c0v"}, host=RECORDED)

    assert error.rule == "secret.host"


@pytest.mark.parametrize(
    "host", ["appstoreconnect-v1", "@callers", "login.acme.example", "@signs:", "nowhere"]
)
def test_secret_that_was_written_for_something_else_signs_nothing(host: str) -> None:
    fields = "@callers:issuer_id @callers:key_id"

    assert refused(APP_STORE, APP_STORE_SECRET, host=f"{host} {fields}").rule == "secret.host"


def test_key_that_signs_tokens_is_sent_nowhere_and_given_to_nobody() -> None:
    recorded = destination_of(definition(GITHUB_APP))
    secret = ProviderSecret("", Secret(""), recorded)
    api_key = replace(definition(GITHUB_APP), kind=CredentialKind.API_KEY)
    assert not may_be_used(secret, api_key)

    with token_endpoint() as endpoint:
        provider = {
            "token_endpoint": endpoint.url,
            "client_authentication": "none",
            "token_request": {"assertion": {}},
        }
        got = answer(provider, GITHUB_SECRET, host=recorded)
        assert endpoint.server.requests == []
    assert got.error is not None
    assert got.error.rule == "secret.host"


def test_token_of_a_key_pair_is_none_of_a_shared_key() -> None:
    token = signed(GITHUB_APP, GITHUB_SECRET)

    with pytest.raises(JoseError):
        verified(token, b"k" * 32, "HS256")
    with pytest.raises(JoseError):
        verified(token, EC_PAIR, "ES256")
    assert verified(token, RSA_PAIR, "RS256").claims["iss"] == "Iv23liExample"


def test_pem_is_no_shared_key() -> None:
    secret = {"key_id": "1", "shared_key": GITHUB_SECRET["private_key"]}
    described = GHOST["signed_jwt"] | {"key_encoding": "utf-8"}

    error = refused(GHOST | {"signed_jwt": described}, secret)

    assert "is a PEM text" in error.description


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_algorithm_must_fit_the_private_key(algorithm: str) -> None:
    wrong = GITHUB_SECRET if algorithm == "ES256" else APP_STORE_SECRET
    described = {"signed_jwt": {"algorithm": algorithm, "claims": {}}}

    error = refused(described, {"private_key": wrong["private_key"]})

    assert (error.rule, "not a PEM key" in error.description) == ("assertion.key", True)


def test_private_key_never_signs_with_a_shared_keys_algorithm() -> None:
    changed = {"signed_jwt": GITHUB_APP["signed_jwt"] | {"algorithm": "HS256"}}

    error = refused(changed, GITHUB_SECRET)

    assert "has no field shared_key" in error.description


@pytest.mark.parametrize(
    ("key", "told"),
    [("k3y" * 10, "fewer than 32 bytes"), ("zz" * 32, "not written as hex")],
)
def test_bad_shared_key_is_refused_without_a_word_of_it(key: str, told: str) -> None:
    provider = GHOST if "hex" in told else {"signed_jwt": {"algorithm": "HS256"}}
    secret = {"shared_key": key} | ({"key_id": "6748592f"} if "hex" in told else {})

    assert told in refused(provider, secret).description


def test_caller_cannot_choose_the_audience_of_a_token() -> None:
    got = answer(GHOST, GHOST_SECRET, clock=FakeClock(), **KIND)

    assert bytes.fromhex(SHARED_HEX).hex() not in str(got.fields)
    assert HEYMARKET_SECRET["shared_key"] not in str(got.fields)
    assert verified(got.vended, bytes.fromhex(SHARED_HEX), "HS256").claims["aud"] == "/admin/"
