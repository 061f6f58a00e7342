"""`explain` shows the token request with a name in place of each secret."""

from typing import Any

import pytest
from tests.cli.conftest import Tokenvend


def explained(tokenvend: Tokenvend, provider: dict[str, Any]) -> dict[str, Any]:
    """Return what `explain` shows of a token of *provider*."""
    tokenvend.write(lambda document: document["providers"]["acme"].update(provider))
    question = ("--caller", "events", "--credential", "partner", "--tenant", "a")
    (verdict,) = tokenvend.json("explain", *question, "--file", str(tokenvend.file))
    return dict(verdict)


@pytest.mark.parametrize(
    ("provider", "request_line", "headers", "body"),
    [
        pytest.param(
            {
                "client_authentication": "client_secret_post",
                "token_request": {
                    "parameters_in": "json",
                    "parameters": {"account": {"id": "{secret.account_id}"}},
                    "headers": {"X-Key": "{secret.key}"},
                },
            },
            "POST https://login.acme.example/token",
            "X-Key: {secret.key}, Accept: application/json",
            '{"account": {"id": "{secret.account_id}"}, "grant_type": "client_credentials",'
            ' "client_id": "{secret.client_id}", "client_secret": "{secret.client_secret}"}',
            id="JSON",
        ),
        pytest.param(
            {
                "client_authentication": "none",
                "token_request": {
                    "method": "GET",
                    "parameters_in": "query",
                    "omit_grant_type": True,
                    "parameters": {"user": "{secret.user}", "pw": "{secret.password}"},
                },
            },
            "GET https://login.acme.example/token?pw={secret.password}&user={secret.user}",
            "Accept: application/json",
            None,
            id="query",
        ),
        pytest.param(
            {"client_authentication": "private_key_jwt"},
            "POST https://login.acme.example/token",
            "Accept: application/json",
            "grant_type=client_credentials&client_id={secret.client_id}"
            "&client_assertion=(signed+when+it+is+sent)",
            id="a client that signs",
        ),
    ],
)
def test_request_is_shown_with_a_name_for_each_secret(
    tokenvend: Tokenvend,
    provider: dict[str, Any],
    request_line: str,
    headers: str,
    body: str | None,
) -> None:
    verdict = explained(tokenvend, provider)

    assert verdict["request"] == request_line
    assert verdict["request_headers"] == headers
    assert verdict["request_body"] == body


@pytest.mark.parametrize(
    ("api_request", "shown"),
    [
        pytest.param({"header_name": "X-Token"}, "X-Token: {token}", id="another header"),
        pytest.param(
            {"header_name": "Authorization", "header_prefix": "OAuth "},
            "Authorization: OAuth {token}",
            id="another prefix",
        ),
        pytest.param({"query": {"auth": "{token}", "v": "2"}}, "?auth={token}&v=2", id="query"),
        pytest.param(
            {"basic": {"username": "{token}", "password": "x"}},
            "Authorization: Basic ({token}:x)",
            id="HTTP Basic",
        ),
        pytest.param(
            {"basic": {"username": "u", "password": "{token}", "header": "X-Auth", "scheme": "K"}},
            "X-Auth: K (u:{token})",
            id="another header and scheme for the same",
        ),
        pytest.param(
            {"headers": {"X-Token": "{token}", "X-Key": "{secret.key}"}, "query": {"v": "2"}},
            "X-Key: {secret.key}, X-Token: {token}, ?v=2",
            id="several parts",
        ),
    ],
)
def test_how_an_api_takes_the_token_is_shown(
    tokenvend: Tokenvend, api_request: dict[str, Any], shown: str
) -> None:
    verdict = explained(tokenvend, {"api_request": api_request})

    assert verdict["api_request"] == shown
    assert "X-Key" not in verdict["request_headers"]


def test_client_certificate_is_shown_by_its_name_and_its_key_nowhere(tokenvend: Tokenvend) -> None:
    verdict = explained(tokenvend, {"client_authentication": "tls_client_auth"})

    assert verdict["client_certificate"] == "{secret.certificate}"
    assert verdict["request_headers"] == "Accept: application/json"
    assert verdict["request_body"] == "grant_type=client_credentials&client_id={secret.client_id}"
    assert "private_key" not in str(verdict)
