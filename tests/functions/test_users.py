"""With `connections: subject`, the signed-in user's token picks the connection, at each entry."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from tests.fakes.issuer import AUDIENCE, URL
from tests.functions.conftest import load_handler, through
from tests.functions.entries import ask, http_event
from tests.functions.users import APP, ENTRIES, STAFF, UserWorld, ask_for, start
from tests.unit.consent.harness import RETURN_URL, SHOP

import tokenvend.entries.callers
from tokenvend.domain.registry import OWN_CONNECTIONS
from tokenvend.domain.request import ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE
from tokenvend.domain.secret import Secret
from tokenvend.domain.users import User

ADA = User(STAFF, "ada", APP).connection_name
STEPS = ["token", "start", "complete", "list", "inspect", "disconnect"]
MORE = {"start": {"return_url": RETURN_URL}, "complete": {"code": "c" * 43}}


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> UserWorld:
    harness = UserWorld()
    monkeypatch.setattr(tokenvend.entries.callers, "composition_root", lambda: harness.parts)
    return harness


@pytest.mark.parametrize("entry", ENTRIES)
def test_user_connects_gets_a_token_and_disconnects(users: UserWorld, entry: str) -> None:
    completed = users.connect(entry)
    users.refreshed("of-ada")
    status, vended = ask_for(entry, "token", users.token())
    listed = ask_for(entry, "list", users.token())[1]
    ended = ask_for(entry, "disconnect", users.token())[1]

    assert (completed["connection"], completed["status"]) == (ADA, "active")
    assert status in {0, 200}
    assert (vended["access_token"], vended["issued_token_type"]) == ("of-ada", ACCESS_TOKEN_TYPE)
    assert [one["connection"] for one in listed["connections"]] == [ADA]
    assert ended["connection"] == ADA
    assert ask_for(entry, "list", users.token())[1] == {"connections": []}


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_grant_type_of_rfc_8693_may_be_said(users: UserWorld, entry: str) -> None:
    users.connect(entry)
    users.refreshed("of-ada")

    _, vended = ask_for(entry, "token", users.token(), grant_type=TOKEN_EXCHANGE)
    _, refused = ask_for(entry, "token", users.token(), grant_type="client_credentials")

    assert vended["access_token"] == "of-ada"
    assert refused["error"] == "unsupported_grant_type"


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("action", ["token", "start", "complete", "inspect", "disconnect"])
@pytest.mark.parametrize("name", ["ada", ADA])
def test_name_in_the_request_is_refused(
    users: UserWorld, entry: str, action: str, name: str
) -> None:
    _, answer = ask_for(entry, action, users.token(), connection=name, **MORE.get(action, {}))

    assert answer["error"] == "invalid_request"
    assert "connection" in answer["error_description"]


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("action", STEPS)
def test_without_the_users_token_nothing_is_named(entry: str, action: str) -> None:
    named = {} if action == "list" else {"connection": "ada"}

    _, answer = ask_for(entry, action, None, **named, **MORE.get(action, {}))

    assert answer["error"] == "invalid_request"


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("action", STEPS)
def test_grant_that_goes_by_names_takes_no_users_token(
    users: UserWorld, entry: str, action: str
) -> None:
    """Passing it over could hand out the token of whoever is named."""
    for key in users.consent.reader.grants:
        users.consent.reader.grants[key] = replace(users.grant, connections=OWN_CONNECTIONS)

    _, answer = ask_for(entry, action, users.token(), **MORE.get(action, {}))

    assert answer["error"] == "invalid_request"
    assert "does not accept a user's token" in answer["error_description"]


def test_a_picked_name_can_be_asked_for_by_nobody(users: UserWorld) -> None:
    """Or whoever chooses names in an application that uses them could plant another's consent."""
    for key in users.consent.reader.grants:
        users.consent.reader.grants[key] = replace(users.grant, connections=OWN_CONNECTIONS)

    for action in ("token", "start"):
        _, answer = ask("iam", action, connection=ADA, **MORE.get(action, {}))
        assert answer["error"] == "invalid_request"


@pytest.mark.parametrize("action", ["token", "list"])
def test_users_token_alone_proves_no_caller(users: UserWorld, action: str) -> None:
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": users.token(),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    }

    answer = load_handler("vend_oauth2")(http_event("oauth2", action, form), through("live"))

    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["error"] == "invalid_request"


def test_wrong_client_with_a_good_users_token_gets_nothing(users: UserWorld) -> None:
    users.connect("iam")
    users.consent.reader.client_secret_hashes["client:shop"] = (Secret("tv_other").sha256,)

    status, answer = ask_for("oauth2", "token", users.token())

    assert (status, answer["error"]) == (401, "invalid_client")


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize("entry", ENTRIES)
def test_workloads_token_is_no_users(users: UserWorld, entry: str) -> None:
    token = users.token(iss=URL, aud=AUDIENCE)

    assert ask_for(entry, "token", token)[1]["error"] == "invalid_request"
    assert start(entry, token)[1]["error"] == "invalid_request"


def test_audit_line_names_the_user_and_never_the_token(users: UserWorld, log: StringIO) -> None:
    users.connect("iam")
    users.refreshed("of-ada")
    ask_for("iam", "token", sent := users.token(jti="login-7"))

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = {line["message"]: line for line in lines}
    vended, connected = told["vend"], told["connection"]
    assert (vended["issuer"], vended["subject"], vended["token_id"]) == (STAFF, "ada", "login-7")
    assert vended["connection"] == connected["connection"] == ADA
    assert (connected["issuer"], connected["subject"]) == (STAFF, "ada")
    assert (vended["caller"], vended["identity"]) == ("shop", SHOP.identity)
    assert not [part for part in sent.split(".") if part in log.getvalue()]


def test_user_reports_a_token_that_an_api_refused(users: UserWorld) -> None:
    users.connect("iam")
    users.refreshed("of-ada")
    _, vended = ask_for("iam", "token", users.token())

    digest = {"token_sha256": vended["token_sha256"]}
    _, reported = ask_for("iam", "reject", users.token(), **digest)
    _, of_another = ask_for("iam", "reject", users.token("eve"), **digest)
    users.refreshed("of-ada-again")
    _, again = ask_for("iam", "token", users.token())

    assert reported["outcome"] == "accepted"
    assert of_another["error"] == "consent_required"
    assert again["access_token"] == "of-ada-again"


def test_blocked_connection_of_a_user_vends_nothing(users: UserWorld) -> None:
    users.connect("iam")
    users.consent.reader.blocked.add(f"hiring/shop/{ADA}")

    assert ask_for("iam", "token", users.token())[1]["error"] == "unauthorized_client"
    assert start("iam", users.token())[1]["error"] == "unauthorized_client"


@pytest.mark.parametrize("entry", ENTRIES)
def test_audit_line_of_a_refused_users_token_says_what_was_asked_for(
    users: UserWorld, log: StringIO, entry: str
) -> None:
    _, answer = ask_for(entry, "token", sent := users.token(exp=0))

    (refused,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert answer["error"] == "invalid_request"
    assert (refused["credential"], refused["rule"]) == ("hiring", "subject_token.expired")
    assert not [part for part in sent.split(".") if part in log.getvalue()]
