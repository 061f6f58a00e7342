"""A caller hands in its user's token and gets one for the provider, at each entry."""

import json
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from tests.fakes.provider import json_response
from tests.functions.users import APP, CUSTOMERS, ENTRIES, FOREIGN, STAFF, UserWorld, ask_for
from tests.unit.consent.harness import DEFINITION

import tokenvend.entries.callers
from tokenvend.domain.credential_definition import CredentialKind, ScopeMode
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.registry import OWN_CONNECTIONS
from tokenvend.domain.request import ACCESS_TOKEN_TYPE


def answered(request: ProviderRequest) -> ProviderResponse:
    """A token that names the user's token, so that a mix-up shows."""
    fields = {"access_token": f"for-{request.form['assertion']}", "token_type": "Bearer"}
    return json_response(fields | {"expires_in": 1800})


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> UserWorld:
    harness = UserWorld()
    reader = harness.consent.reader
    harness.consent.define(
        replace(
            DEFINITION,
            kind=CredentialKind.CLIENT_CREDENTIALS,
            scope_mode=ScopeMode.NARROWS,
            authorization=None,
            token_request={"on_behalf_of": "jwt_bearer"},
        )
    )
    for key in reader.grants:
        reader.grants[key] = replace(harness.grant, connections=OWN_CONNECTIONS)
    harness.consent.provider.script(*[answered] * 50)
    monkeypatch.setattr(tokenvend.entries.callers, "composition_root", lambda: harness.parts)
    return harness


@pytest.mark.parametrize("entry", ENTRIES)
def test_user_gets_a_token_for_the_provider(users: UserWorld, entry: str) -> None:
    token = users.token()

    status, answer = ask_for(entry, "token", token)

    assert status in {0, 200}
    assert answer["access_token"] == f"for-{token}"
    assert answer["issued_token_type"] == ACCESS_TOKEN_TYPE
    # Its own lives 300 s, and the provider's 1 800.
    assert answer["expires_in"] <= 300


def test_each_user_has_its_own_in_one_warm_environment(users: UserWorld) -> None:
    tokens = {
        (sub, iss): users.token(sub, iss=iss)
        for sub in ("ada", "bob")
        for iss in (STAFF, CUSTOMERS)
    }

    for _ in range(2):
        for token in tokens.values():
            assert ask_for("iam", "token", token)[1]["access_token"] == f"for-{token}"
    again = ask_for("iam", "token", users.token("ada", jti="another sign-in"))[1]

    assert again["access_token"] == f"for-{tokens['ada', STAFF]}"
    assert len(users.consent.provider.requests) == len(tokens)


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iss": FOREIGN}, id="an issuer that is not granted"),
        pytest.param({"aud": "other-app"}, id="for another application"),
        pytest.param({"aud": [APP, "other-app"]}, id="for several"),
        pytest.param({"exp": 1}, id="expired"),
        pytest.param({"iss": "https://nobody.example"}, id="of nobody"),
    ],
)
def test_token_that_is_not_taken_is_sent_to_no_provider(
    users: UserWorld, entry: str, claims: dict[str, Any]
) -> None:
    ask_for(entry, "token", users.token())
    asked = len(users.consent.provider.requests)

    _, answer = ask_for(entry, "token", users.token(**claims))

    assert answer["error"] == "invalid_request"
    assert len(users.consent.provider.requests) == asked


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize("entry", ENTRIES)
def test_without_a_user_there_is_no_token(entry: str) -> None:
    _, answer = ask_for(entry, "token", None)

    assert answer["error"] == "invalid_request"
    assert "subject_token" in answer["error_description"]


def test_expired_token_gets_nothing_that_its_user_has(users: UserWorld) -> None:
    ask_for("iam", "token", users.token())
    now = int(users.clock.now().timestamp())

    _, answer = ask_for("iam", "token", users.token(iat=now - 400, nbf=None, exp=now - 1))

    assert answer["error"] == "invalid_request"


def test_line_names_the_user_and_holds_neither_token(users: UserWorld, log: StringIO) -> None:
    token = users.token()
    ask_for("iam", "token", token)
    users.consent.provider.unscript()
    users.consent.provider.script(
        json_response({"error": "invalid_grant", "error_description": token}, status=400)
    )
    _, refused = ask_for("iam", "token", users.token("eve"))

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["subject"] for line in lines] == ["ada", "eve"]
    assert "connection" not in lines[0]
    assert refused["provider_error"] == "invalid_grant"
    for part in token.split(".")[1:]:
        assert part not in log.getvalue()
        assert part not in json.dumps(refused)
