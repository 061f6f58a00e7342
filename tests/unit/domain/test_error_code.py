"""Which `error` codes of a provider go any further than its answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvend.domain.credential_definition import ClientAuthentication, CredentialDefinition
from tokenvend.domain.oauth.error_code import error_code
from tokenvend.domain.oauth.token_request import (
    ProviderRequest,
    ProviderSecret,
    build_authenticated_request,
)
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.secret import Secret

SENT = (Secret("Rt.9f8a-correct-horse-battery"),)


@pytest.mark.parametrize("code", ["invalid_client", "invalid_grant", "invalid_dpop_proof"])
def test_a_registered_code_passes_whatever_was_sent(code: str) -> None:
    assert error_code(code, sent=[Secret(f"prefix {code}")]) == code


@pytest.mark.parametrize(
    "code",
    ["inactive_user", "app.not-approved", "redirectUriMismatch", "x", "disabled", "40013", "-1"],
)
def test_a_code_of_the_providers_own_passes_if_it_is_words(code: str) -> None:
    assert error_code(code, sent=SENT) == code


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("battery_unknown", id="a part of what was sent"),
        pytest.param("unknown_HORSE", id="a part in another case"),
        pytest.param("a1b2c3d4e5f60718", id="looks random"),
        pytest.param("token_7f3a91", id="a word and what looks random"),
        pytest.param("abcdefghijklmnop" * 2 + "q", id="one word that is too long"),
        pytest.param("_".join(["word"] * 9), id="too many words"),
        pytest.param("no such user", id="spaces"),
        pytest.param("bad\ncode", id="a line break"),
        pytest.param("caf\u00e9", id="not ASCII"),
        pytest.param("", id="empty"),
        pytest.param(7.0, id="no text"),
        pytest.param(True, id="no number either"),
        pytest.param(1234567, id="a number as long as a one-time code and longer"),
    ],
)
def test_anything_else_is_no_code(code: object) -> None:
    assert error_code(code, sent=SENT) is None


@given(
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz_", min_size=16, max_size=64),
    st.integers(0, 59),
    st.integers(5, 24),
)
def test_no_part_of_what_was_sent_passes(sent: str, start: int, length: int) -> None:
    part = sent[start : start + length]

    passed = error_code(f"no_{part}", sent=[Secret(sent)])

    assert len(part) < 5 or passed is None


@pytest.mark.parametrize("method", ClientAuthentication)
def test_whatever_proves_a_client_is_confidential(method: ClientAuthentication) -> None:
    definition = CredentialDefinition(
        name="jobs",
        provider="acme",
        token_endpoint="https://a.example/t",
        client_authentication=method,
    )
    pair = dict.fromkeys(("certificate", "private_key"), Secret("s3cret: +%"))
    secret = ProviderSecret("our client", Secret("s3cret: +%"), "a.example", fields=pair)
    sent = build_authenticated_request(
        definition,
        definition.token_endpoint,
        {"grant_type": "authorization_code", "code": "c0de", "code_verifier": "proof"},
        secret,
    )

    confidential = {each.reveal() for each in sent.confidential}

    assert {"c0de", "proof"} <= confidential
    assert "our client" not in confidential
    sends_secret = method.value.startswith("client_secret_")
    assert ("s3cret: +%" in confidential) is sends_secret


def test_a_signed_assertion_is_confidential() -> None:
    signed = ProviderRequest("https://a.example/t", {"client_assertion": "e30.e30.c2ln"}, {})

    assert [each.reveal() for each in signed.confidential] == ["e30.e30.c2ln"]


def test_what_was_sent_is_not_shown_with_the_answer() -> None:
    assert "battery" not in repr(ProviderResponse(400, sent=SENT))
