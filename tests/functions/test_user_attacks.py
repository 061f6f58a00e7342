"""Whoever is not the user that consented gets nothing of the consent."""

from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from tests.fakes.issuer import new_key, public_jwk
from tests.functions.users import (
    APP,
    CUSTOMERS,
    ENTRIES,
    FOREIGN,
    STAFF,
    UserWorld,
    ask_for,
    start,
)

import tokenvend.entries.callers
from tokenvend.domain.secret import Secret

STRANGERS = [
    pytest.param({"sub": "eve"}, "consent_required", id="another user"),
    pytest.param({"sub": "Ada"}, "consent_required", id="a subject that looks alike"),
    pytest.param({"iss": CUSTOMERS}, "consent_required", id="another issuer's same sub"),
    pytest.param({"iss": FOREIGN}, "invalid_request", id="an issuer that is not granted"),
    pytest.param({"aud": "other-app"}, "invalid_request", id="for another application"),
    pytest.param({"aud": [APP, "other-app"]}, "invalid_request", id="for several"),
    pytest.param({"exp": 1}, "invalid_request", id="expired"),
    pytest.param({"iat": 1, "nbf": 1}, "invalid_request", id="too old"),
    pytest.param({"iss": "https://nobody.example"}, "invalid_request", id="of nobody"),
]


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> UserWorld:
    harness = UserWorld()
    monkeypatch.setattr(tokenvend.entries.callers, "composition_root", lambda: harness.parts)
    return harness


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(("claims", "error"), STRANGERS)
def test_stranger_gets_no_token(
    users: UserWorld, entry: str, claims: dict[str, Any], error: str
) -> None:
    users.connect(entry)
    users.refreshed("of-ada")
    ask_for(entry, "token", users.token())

    _, answer = ask_for(entry, "token", users.token(**claims))

    assert answer["error"] == error
    assert "access_token" not in answer


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(("claims", "error"), STRANGERS)
def test_stranger_completes_nothing_with_the_users_code(
    users: UserWorld, entry: str, claims: dict[str, Any], error: str
) -> None:
    """A link that was sent to somebody else binds nobody: the code completes its user's alone."""
    code = users.consented(start(entry, users.token())[1]["connect_url"])

    _, refused = ask_for(entry, "complete", users.token(**claims), code=code)
    _, completed = ask_for(entry, "complete", users.token(), code=code)

    assert refused["error"] == ("invalid_grant" if error == "consent_required" else error)
    assert completed["status"] == "active"


@pytest.mark.parametrize(("claims", "error"), STRANGERS)
def test_stranger_neither_sees_nor_ends_the_connection(
    users: UserWorld, claims: dict[str, Any], error: str
) -> None:
    users.connect("iam")
    token = users.token(**claims)

    listed = ask_for("iam", "list", token)[1]
    assert listed == {"connections": []} or listed["error"] == error
    for action in ("inspect", "disconnect"):
        assert "error" in ask_for("iam", action, token)[1]
    assert ask_for("iam", "inspect", users.token())[1]["status"] == "active"


def test_token_that_expired_while_the_user_was_away_completes_nothing(users: UserWorld) -> None:
    token = users.token()
    code = users.consented(start("iam", token)[1]["connect_url"])
    old = users.token(iat=_seconds(users) - 400, nbf=None, exp=_seconds(users) - 1)

    _, refused = ask_for("iam", "complete", old, code=code)
    _, completed = ask_for("iam", "complete", users.token(), code=code)

    assert refused["error"] == "invalid_request"
    assert completed["status"] == "active"


def test_forged_token_picks_nothing(users: UserWorld) -> None:
    users.connect("iam")
    trusted = users.issuers.issuers[STAFF]
    users.issuers.trust(replace(trusted, keys=(public_jwk(new_key("ES256")),)))
    users.parts = users.new_environment()

    assert ask_for("iam", "token", users.token())[1]["error"] == "invalid_request"


def test_caller_with_the_same_users_has_connections_of_its_own(users: UserWorld) -> None:
    """Two applications, one identity provider and even one audience: each user consents to each."""
    users.connect("iam")
    reader = users.consent.reader
    reader.callers["client:shop"] = replace(reader.callers["client:shop"], name="stranger")
    reader.grants["client:shop", "hiring"] = replace(users.grant, caller="stranger")

    assert ask_for("oauth2", "token", users.token())[1]["error"] == "consent_required"


def test_two_users_of_one_warm_environment_share_nothing(users: UserWorld) -> None:
    for sub in ("ada", "bob"):
        users.connect("iam", sub)
        users.refreshed(f"of-{sub}")
        ask_for("iam", "token", users.token(sub))

    for sub in ("ada", "bob", "ada"):
        answer = ask_for("iam", "token", users.token(sub, jti="another sign-in"))[1]
        assert (answer["access_token"], answer["source"]) == (f"of-{sub}", "memory")


def test_issuer_that_is_taken_out_of_the_grant_counts_no_more(users: UserWorld) -> None:
    users.connect("iam")
    reader = users.consent.reader
    for key in reader.grants:
        reader.grants[key] = replace(users.grant, users={CUSTOMERS: APP})

    assert ask_for("iam", "token", users.token())[1]["error"] == "invalid_request"


def test_refusal_names_the_user_in_the_log_alone(users: UserWorld, log: StringIO) -> None:
    _, answer = ask_for("iam", "token", users.token("eve", iss=FOREIGN))

    assert '"rule":"grant.users"' in log.getvalue()
    assert '"subject":"eve"' in log.getvalue()
    assert "eve" not in str(answer)


def test_link_of_one_mode_ends_when_the_grant_changes_to_the_other(users: UserWorld) -> None:
    started = start("iam", users.token())[1]
    reader = users.consent.reader
    for key in reader.grants:
        reader.grants[key] = replace(users.grant, connections=frozenset({"own"}))

    with pytest.raises(Exception, match="no grant"):
        users.consent.pages.show(Secret(started["connect_url"].rpartition("/")[2]))


def _seconds(users: UserWorld) -> int:
    return int(users.clock.now().timestamp())
