"""The stand-in provider behaves as a token endpoint by the book, and gives nothing away."""

import base64
import io
import json
from contextlib import redirect_stdout
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import cfnlint.api
import pytest

from tokenvend_local.places import ROOT
from tokenvend_smoke.stacks import (
    CODE_CHARACTERS,
    events_template,
    fixtures_template,
    stand_in_code,
)

BACK = "https://abc.execute-api.eu-west-1.amazonaws.com/v1/callback/user"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Its code as it is deployed."""
    for name, value in {
        "CLIENT_ID": "shop",
        "CLIENT_SECRET": "s3cret",
        "BACK_TO": ".execute-api.eu-west-1.",
    }.items():
        monkeypatch.setenv(name, value)
    scope: dict[str, Any] = {}
    exec(compile(stand_in_code(), "index.py", "exec"), scope)  # noqa: S102  as Lambda runs it
    return scope["handler"]


def _ask(
    provider: Any,
    path: str,
    *,
    form: dict[str, str] | None = None,
    query: str = "",
    headers: dict[str, str] | None = None,
) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Answer, document and log line of one request."""
    event = {
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers or {},
        "body": urlencode(form or {}),
        "requestContext": {"http": {"sourceIp": "192.0.2.7"}},
    }
    said = io.StringIO()
    with redirect_stdout(said):
        answer = provider(event, None)
    return answer, json.loads(answer["body"]), said.getvalue()


def _basic(client_id: str, client_secret: str) -> dict[str, str]:
    pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    return {"authorization": f"Basic {pair}"}


def test_the_right_client_gets_a_token_that_opens_the_api(provider: Any) -> None:
    form = {"grant_type": "client_credentials", "scope": "s1"}

    answer, token, said = _ask(provider, "/token", form=form, headers=_basic("shop", "s3cret"))
    bearer = {"authorization": f"Bearer {token['access_token']}"}
    me, document, _ = _ask(provider, "/me", headers=bearer)

    assert (answer["statusCode"], token["scope"], token["expires_in"]) == (200, "s1", 900)
    assert (me["statusCode"], document) == (200, {"id": "smoke"})
    assert json.loads(said) == {"path": "/token", "source_ip": "192.0.2.7", "status": 200}


@pytest.mark.parametrize("proof", [("shop", "guessed"), ("other", "s3cret"), ("shop", "")])
def test_another_client_gets_none(provider: Any, proof: tuple[str, str]) -> None:
    form = {"grant_type": "client_credentials"}

    answer, document, _ = _ask(provider, "/token", form=form, headers=_basic(*proof))

    assert (answer["statusCode"], document) == (401, {"error": "invalid_client"})


def test_a_user_is_sent_back_and_the_code_is_exchanged_and_refreshed(provider: Any) -> None:
    query = urlencode({"client_id": "shop", "redirect_uri": BACK, "state": "xyz"})
    proof = {"client_id": "shop", "client_secret": "s3cret"}

    sent, _, _ = _ask(provider, "/authorize", query=query)
    back = parse_qs(urlsplit(sent["headers"]["location"]).query)
    code = {"grant_type": "authorization_code", "code": back["code"][0], **proof}
    _, first, _ = _ask(provider, "/token", form=code)
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], **proof}
    _, second, _ = _ask(provider, "/token", form=refresh)

    assert back["state"] == ["xyz"]
    assert first["access_token"] != second["access_token"]


@pytest.mark.parametrize(
    "query",
    [
        {"client_id": "shop", "redirect_uri": "https://elsewhere.example/"},
        {"client_id": "other", "redirect_uri": BACK},
    ],
)
def test_nobody_is_sent_elsewhere(provider: Any, query: dict[str, str]) -> None:
    answer, _, _ = _ask(provider, "/authorize", query=urlencode(query))

    assert answer["statusCode"] == 400
    assert "location" not in answer["headers"]


@pytest.mark.parametrize("grant", ["authorization_code", "refresh_token"])
def test_what_was_not_issued_here_is_refused(provider: Any, grant: str) -> None:
    held = {"code": "code.9999999999.x.y", "refresh_token": "access.9999999999.x.y"}
    form = {"grant_type": grant, "client_id": "shop", "client_secret": "s3cret", **held}

    _, document, _ = _ask(provider, "/token", form=form)

    assert document == {"error": "invalid_grant"}


def test_an_access_token_is_no_refresh_token(provider: Any) -> None:
    proof = {"client_id": "shop", "client_secret": "s3cret"}
    _, token, _ = _ask(provider, "/token", form={"grant_type": "client_credentials", **proof})
    form = {"grant_type": "refresh_token", "refresh_token": token["access_token"], **proof}

    _, document, _ = _ask(provider, "/token", form=form)

    assert document == {"error": "invalid_grant"}


def test_its_code_is_short_enough_to_stand_in_a_template() -> None:
    assert len(stand_in_code()) <= CODE_CHARACTERS


@pytest.mark.parametrize("name", ["fixtures", "network", "events"])
def test_the_templates_beside_the_deployment_are_right(name: str) -> None:
    text = (ROOT / "tools" / "tokenvend_smoke" / f"{name}.yaml").read_text(encoding="utf-8")
    text = {"fixtures": fixtures_template(), "events": events_template()}.get(name, text)

    assert [str(match) for match in cfnlint.api.lint(text, regions=["eu-west-1"])] == []
