"""`explain` shows the token request with a name in place of each secret."""

from typing import Any

import pytest
from tests.cli.conftest import Tokenvend


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
    tokenvend.write(lambda document: document["providers"]["acme"].update(provider))
    question = ("--caller", "events", "--credential", "partner", "--tenant", "a")

    (verdict,) = tokenvend.json("explain", *question, "--file", str(tokenvend.file))

    assert verdict["request"] == request_line
    assert verdict["request_headers"] == headers
    assert verdict["request_body"] == body
