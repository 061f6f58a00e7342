"""What `explain` and `plan` show of a provider where users consent."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.cli.conftest import Tokenvend

ASKED = ("--caller", "events", "--credential", "jobs-user", "--connection", "acme-42")
REASON = "it answers invalid_request to code_challenge"
NAMED = {"refresh_names_scopes": True, "refresh_names_scopes_source": "its manual"}


def consents(**described: Any) -> Callable[[dict[str, Any]], None]:
    """Change a file so that users consent at its provider, which is *described* so."""

    def change(document: dict[str, Any]) -> None:
        at = {"authorization_endpoint": "https://login.acme.example/allow"}
        document["providers"]["acme"] |= at | described
        document["credentials"]["jobs-user"] = {
            "provider": "acme",
            "kind": "authorization_code",
            "redirect_uri": "https://connect.example/callback/jobs-user",
            "scopes": ["read"],
        }
        grant = {"caller": "events", "credential": "jobs-user", "scopes": ["read"]}
        document["grants"].append(grant)

    return change


def explained(tokenvend: Tokenvend, **described: Any) -> dict[str, Any]:
    tokenvend.write(consents(**described))
    (verdict,) = tokenvend.json("explain", *ASKED, "--file", str(tokenvend.file))
    return dict(verdict)


def test_refresh_is_shown_with_its_headers_and_no_secret(tokenvend: Tokenvend) -> None:
    verdict = explained(tokenvend, token_request={"headers": {"X-Key": "{secret.key}"}})

    assert verdict["request_body"] == "grant_type=refresh_token&refresh_token=(of+the+consent)"
    assert verdict["request_headers"].startswith("X-Key: {secret.key}, Accept:")


def test_refresh_is_shown_with_its_own_parameters(tokenvend: Tokenvend) -> None:
    own = {"type": "refresh", "key": "{secret.key}"}
    described = {"parameters": {"type": "all"}, "refresh": {"parameters": own}}

    verdict = explained(tokenvend, token_request=described)

    assert verdict["request_body"].startswith("type=refresh&key={secret.key}&grant_type=")


@pytest.mark.parametrize(
    ("flow", "refresh", "scope", "body"),
    [
        pytest.param({}, "names no scopes", "all that its user consented to", "", id="default"),
        pytest.param(
            NAMED,
            "names its scopes",
            "read, as far as its user consented",
            "&scope=read",
            id="shown to do no harm",
        ),
    ],
)
def test_what_a_token_carries_is_told(
    tokenvend: Tokenvend, flow: dict[str, Any], refresh: str, scope: str, body: str
) -> None:
    verdict = explained(tokenvend, consent_flow=flow)

    assert (verdict["refresh"], verdict["scope"]) == (refresh, scope)
    assert verdict["request_body"].endswith(f"(of+the+consent){body}")


def test_another_url_of_refreshes_is_shown(tokenvend: Tokenvend) -> None:
    url = "https://login.acme.example/refresh"

    assert explained(tokenvend, consent_flow={"refresh_endpoint": url})["request"] == f"POST {url}"


def test_why_there_is_no_pkce_is_shown_by_explain_and_plan(tokenvend: Tokenvend) -> None:
    verdict = explained(tokenvend, consent_flow={"without_pkce": REASON})

    planned = tokenvend.on_file("plan")

    assert verdict["pkce"] == f"not used: {REASON}"
    assert f"no PKCE: {REASON}" in planned.stdout
