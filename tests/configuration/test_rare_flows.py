"""Rare forms: a token as text, a consent page in a fragment, and a nonce."""

from urllib.parse import parse_qs, urlsplit

import pytest
from tests.configuration.described import definition_of, token_endpoint, vend

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import ProviderRefusedError
from tokenvend.domain.oauth.authorization import build_authorization_url
from tokenvend.domain.secret import Secret

TEXT = {"plain_text": True}


@pytest.mark.parametrize("body", [b"t0ken-1", b' "t0ken-1"\r\n'])
def test_token_is_the_whole_answer(body: bytes) -> None:
    with token_endpoint(body, content_type="text/plain") as endpoint:
        token = vend({"token_endpoint": endpoint.url, "token_answer": TEXT})

    assert token.access_token.reveal() == "t0ken-1"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b"Login failed", "malformed_access_token", id="words"),
        pytest.param(b"", "malformed_access_token", id="nothing"),
        pytest.param("t\u00f6ken".encode(), "malformed_answer", id="no ASCII"),
        pytest.param(b'{"error": "invalid_client"}', "invalid_client", id="an error in JSON"),
    ],
)
def test_text_that_is_no_token_is_refused(body: bytes, code: str) -> None:
    with (
        token_endpoint(body, content_type="text/plain") as endpoint,
        pytest.raises(ProviderRefusedError) as caught,
    ):
        vend({"token_endpoint": endpoint.url, "token_answer": TEXT})

    assert caught.value.provider_error == code


def _url(definition: CredentialDefinition, state: str) -> str:
    assert definition.authorization is not None
    return build_authorization_url(
        definition.authorization,
        client_id="id",
        scopes=definition.scopes,
        scope_separator=" ",
        state=Secret(state),
        code_challenge="c",
    )


def test_consent_page_in_a_fragment_has_its_request_there_and_a_nonce_used_once() -> None:
    provider = {
        "token_endpoint": "https://app.acme.example/token",
        "authorization_endpoint": "https://app.acme.example/",
        "authorization_parameters": {"nonce": "{nonce}"},
        "consent_flow": {"fragment": "/oauth/authorize"},
    }
    credential = {
        "kind": "authorization_code",
        "redirect_uri": "https://pages.example/callback/jobs",
    }
    definition = definition_of(provider, credential)

    urls = [urlsplit(_url(definition, state)) for state in ("a", "a", "b")]

    page, _, request = urls[0].fragment.partition("?")
    assert (urls[0].netloc, urls[0].path, urls[0].query) == ("app.acme.example", "/", "")
    assert page == "/oauth/authorize"
    assert parse_qs(request)["state"] == ["a"]
    nonces = [parse_qs(each.fragment.partition("?")[2])["nonce"] for each in urls]
    assert nonces[0] == nonces[1] != nonces[2]
    assert "a" not in nonces[0]
