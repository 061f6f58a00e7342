"""Each case of what real token endpoints ask for: from the file to what a caller gets, over HTTP.

`cases/providers.json` says of each what the endpoint needs, what it answers, and what comes of it.
`VendingPath` asks each again, and no cache may need another exchange.
"""

from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from tests.adapters.servers import Names, self_signed
from tests.configuration.described import ReceivedRequest, answer, token_endpoint
from tests.configuration.provider_cases import (
    CASES,
    DESCRIBED,
    STATIC,
    body_of,
    credential_of,
    lifetime_of,
)
from tests.configuration.vending_path import Answer
from tests.fakes.clock import START, FakeClock
from tests.fakes.signer import new_pair, pem_of

from tokenvend.domain.signing import SigningAlgorithm

#: tokenvend counts a token as expired so many seconds before its provider does.
_SKEW_SECONDS = 30


def _is_as_needed(asked: ReceivedRequest, needs: dict[str, Any]) -> bool:
    """Whether the request has what the endpoint needs, and no parameter beside."""
    if asked.path != needs.get("path", asked.path):
        return False
    if asked.headers["host"] != needs.get("host", asked.headers["host"]):
        return False
    headers = {name.lower(): value for name, value in needs.get("headers", {}).items()}
    found = [headers.items() <= asked.headers.items(), asked.query == needs.get("query", {})]
    if "form" in needs:
        found.append(_with_any_assertion(asked.form) == _with_any_assertion(needs["form"]))
    if "json" in needs:
        found.append(asked.is_json and asked.json == needs["json"])
    if "basic" in needs:
        found.append([unquote_plus(each) for each in asked.basic] == needs["basic"])
    if "basic_raw" in needs:
        found.append(asked.basic == needs["basic_raw"])
    return all(found)


def _with_any_assertion(form: dict[str, str]) -> dict[str, str]:
    """*form*, but for the text of an assertion, which is another one each time."""
    return form | ({"assertion": ""} if "assertion" in form else {})


def _filled(needed: str, secret: dict[str, str]) -> str:
    """*needed* with the tenant's values, which stand in its secret."""
    for name, value in secret.items():
        needed = needed.replace(f"{{tenant.{name}}}", value)
    return needed


def _asked(case: dict[str, Any], **at: Any) -> Answer:
    """What a caller gets whose credential has the case's secret, at the case's provider."""
    answered, needs, otherwise = case["answer"], case["needs"], case.get("otherwise", {})
    given = {
        key: _filled(each, case["secret"]) if isinstance(each, str) else each
        for key, each in needs.items()
    }
    secret = {
        name: value.replace("{PEM}", pem_of(new_pair(SigningAlgorithm.RS256)).reveal())
        for name, value in case["secret"].items()
    }
    with token_endpoint(
        body_of(answered),
        status=answered["status"],
        content_type=answered.get("content_type", "application/json"),
        takes=lambda asked: _is_as_needed(asked, given),
        otherwise=otherwise.get("json"),
        otherwise_status=otherwise.get("status", 400),
        context=at.get("context"),
    ) as endpoint:
        url = endpoint.url.removesuffix("/token") + needs.get("path", "/token")
        if "names" in at:
            at["names"].ports[secret["domain"]] = endpoint.server.port
        credential = credential_of(case["name"])
        got = answer(
            {"token_endpoint": url} | DESCRIBED[case["name"]],
            secret,
            clock=FakeClock(),
            ca_file=at.get("ca_file"),
            host=at.get("host"),
            tenant="acme" if "family" in credential else None,
            **credential,
        )
        assert len(endpoint.server.requests) == 1
        return got


@pytest.mark.parametrize(
    "case",
    [CASES[name] for name in DESCRIBED if "access_token" in CASES[name]["then"]],
    ids=lambda case: case["name"],
)
def test_described_provider_vends(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at: dict[str, Any] = {}
    if "host" in case["needs"]:
        # A host of the tenant's own is a name, and its certificate is that name's.
        at = {"host": case["secret"]["domain"], "names": Names()}
        at["context"], at["ca_file"] = self_signed(tmp_path, host=at["host"])
        at["names"].install(monkeypatch)

    got, then = _asked(case, **at), case["then"]

    lifetime = lifetime_of(case)
    fields = got.fields
    assert (got.status, got.vended.stated_lifetime.total_seconds()) == (200, lifetime)
    assert (fields["access_token"], fields["token_type"]) == (then["access_token"], "Bearer")
    assert lifetime - _SKEW_SECONDS <= fields["expires_in"] <= lifetime
    assert fields["expires_at"] == START.timestamp() + fields["expires_in"]
    assert fields.get("scope") == then.get("scope")
    bearer = {"Authorization": f"Bearer {then['access_token']}"}
    assert (fields["headers"], fields["query"]) == (bearer, {})


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("token_type mac", "unsupported_token_type", "token_type is not Bearer"),
        ("a 200 that says no, in its own words", "40013", "40013"),
        ("no token at all", "malformed_access_token", "it has no access_token"),
    ],
)
def test_described_provider_refuses(name: str, error: str, told: str) -> None:
    got = _asked(CASES[name])

    assert "refused" in CASES[name]["then"]
    assert (got.status, got.fields["error"]) == (502, "provider_refused")
    assert got.fields["provider_error"] == error
    assert told in got.fields["error_description"]
    about_type = "token_type" in got.fields["error_description"]
    assert about_type is (error == "unsupported_token_type")


@pytest.mark.parametrize("name", [name for name in DESCRIBED if "otherwise" in CASES[name]])
def test_provider_that_is_not_described_refuses(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is the description that makes it vend, and not an endpoint that takes anything."""
    monkeypatch.setitem(DESCRIBED, name, {})
    secret = {"client_id": "id", "client_secret": "s3cret"} | CASES[name]["secret"]

    got = _asked(CASES[name] | {"secret": secret})

    assert (got.status, got.fields["error"]) == (502, "provider_refused")


def test_every_case_is_described() -> None:
    assert DESCRIBED.keys().isdisjoint(STATIC)
    assert DESCRIBED.keys() | STATIC.keys() == CASES.keys()
    assert (len(DESCRIBED), len(CASES)) == (29, 32)
