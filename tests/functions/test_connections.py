"""Connections over every entry: the same names in, the same fields out."""

import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from tests.functions.conftest import load_handler, through
from tests.unit.consent.harness import RETURN_URL, SHOP, Harness

import tokenvend.entries.callers
from tokenvend.adapters.clock import SystemClock
from tokenvend.consent.caller_connections import FoundConnections
from tokenvend.domain.connection_request import Action
from tokenvend.domain.secret import Secret
from tokenvend.entries.direct import RetryableError

ENTRIES = ["iam", "oauth2", "direct"]
START = {"connection": "ada", "return_url": RETURN_URL, "scope": "jobs_read"}


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Harness:
    """Shop, known by role, by client and by alias."""
    harness = Harness()
    harness.clock.set_wall(SystemClock().now())
    for identity in ("client:shop", "alias:shop"):
        harness.reader.callers[identity] = harness.reader.callers[SHOP.identity]
        harness.reader.grants[identity, "hiring"] = harness.reader.grants[SHOP.identity, "hiring"]
    harness.reader.client_secret_hashes["client:shop"] = (Secret("tv_example").sha256,)
    parts = SimpleNamespace(vendor=None, connections=harness.caller_side)
    monkeypatch.setattr(tokenvend.entries.callers, "composition_root", lambda: parts)
    return harness


def ask(entry: str, action: str, **parameters: str) -> tuple[int, dict[str, Any]]:
    """The status (0 for a direct invocation) and the fields of the answer."""
    if entry == "direct":
        asked = {"connections": {"action": action, "credential": "hiring", **parameters}}
        return 0, load_handler("vend_direct")(asked, through("shop"))
    form = dict(parameters)
    if entry == "oauth2":
        form |= {"client_id": "shop", "client_secret": "tv_example"}
    role = "arn:aws:sts::111122223333:assumed-role/shop/session"
    event: dict[str, Any] = {
        "resource": f"/{entry}/{{credential}}/connections/{{action}}",
        "pathParameters": {"credential": "hiring", "action": action},
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        "requestContext": {"identity": {"userArn": role, "user": "AROAEXAMPLE:session"}},
        "body": urlencode(form),
    }
    answer = load_handler(f"vend_{entry}")(event, through("live"))
    assert answer["headers"]["Cache-Control"] == "no-store"
    return answer["statusCode"], json.loads(answer["body"])


def consented(harness: Harness, connect_url: str) -> str:
    """What the user does; the one-time code."""
    redirect = harness.pages.proceed(Secret(connect_url.rpartition("/")[2]))
    harness.consent()
    return parse_qs(urlsplit(harness.come_back(redirect).url).query)["code"][0]


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_connection_is_started_completed_inspected_listed_and_ended(
    harness: Harness, entry: str
) -> None:
    status, started = ask(entry, "start", **START)
    code = consented(harness, started["connect_url"])
    _, pending = ask(entry, "inspect", connection="ada")
    _, completed = ask(entry, "complete", connection="ada", code=code)
    _, inspected = ask(entry, "inspect", connection="ada")
    _, listed = ask(entry, "list")
    _, ended = ask(entry, "disconnect", connection="ada")
    _, absent = ask(entry, "inspect", connection="ada")

    assert status in {0, 200}
    assert started.keys() == {"connection", "connect_url", "expires_in", "expires_at"}
    assert started["expires_in"] == 600
    assert pending == {"connection": "ada", "status": "pending"}
    assert (
        completed.items()
        >= {
            "connection": "ada",
            "status": "active",
            "scope": "jobs_read",
            "account": "ada",
        }.items()
    )
    assert completed == inspected
    assert listed == {"connections": [inspected]}
    assert ended["connection"] == "ada"
    assert absent["error"] == "invalid_target"
    assert "refresh" not in json.dumps(completed).replace("refresh_expires_at", "").replace(
        "refreshed_at", ""
    )


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(
    ("action", "parameters", "error"),
    [
        ("start", {**START, "return_url": "https://evil.example/"}, "invalid_request"),
        ("start", {**START, "scope": "jobs_manage"}, "invalid_scope"),
        ("start", {**START, "connection": "stranger/ada"}, "invalid_request"),
        ("complete", {"connection": "ada", "code": "c" * 43}, "invalid_grant"),
        ("inspect", {"connection": "ada"}, "invalid_target"),
        ("destroy", {"connection": "ada"}, "invalid_request"),
    ],
)
def test_what_is_refused_looks_the_same_over_every_entry(
    harness: Harness, entry: str, action: str, parameters: dict[str, str], error: str
) -> None:
    status, answer = ask(entry, action, **parameters)

    assert harness.provider.requests == []
    assert status in {0, 400}
    assert answer["error"] == error


@pytest.mark.usefixtures("harness")
def test_a_direct_invocation_takes_no_field_that_the_action_has_not() -> None:
    _, answer = ask("direct", "list", connection="ada")
    _, owned = ask("direct", "inspect", connection="ada", owner="stranger")

    assert (answer["error"], owned["error"]) == ("invalid_request", "invalid_request")


def test_what_a_retry_may_cure_is_raised_from_a_direct_invocation(harness: Harness) -> None:
    harness.connections.is_away = True

    with pytest.raises(RetryableError):
        ask("direct", "inspect", connection="ada")

    assert ask("iam", "inspect", connection="ada")[0] == 503


def test_a_request_that_says_nothing_needs_no_content_type(harness: Harness) -> None:
    assert harness.run(Action.LIST) == FoundConnections([])
    role = "arn:aws:sts::111122223333:assumed-role/shop/session"
    event = {
        "resource": "/iam/{credential}/connections/{action}",
        "pathParameters": {"credential": "hiring", "action": "list"},
        "requestContext": {"identity": {"userArn": role, "user": "AROAEXAMPLE:session"}},
        "body": None,
    }

    answer = load_handler("vend_iam")(event, through("live"))

    assert json.loads(answer["body"]) == {"connections": []}


def test_a_wrong_client_secret_starts_nothing(harness: Harness) -> None:
    harness.reader.client_secret_hashes["client:shop"] = (Secret("tv_other").sha256,)

    assert ask("oauth2", "start", **START)[0] == 401
