"""Each case of what real token endpoints ask for: from the file to the token, over HTTP.

`cases/providers.json` says of each what the endpoint needs, what it answers, and what comes of it.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from tests.adapters.servers import Names, self_signed
from tests.configuration.described import ReceivedRequest, token_endpoint, vend
from tests.fakes.clock import START, FakeClock
from tests.fakes.signer import new_pair, pem_of

from tokenvend.domain.errors import ProviderRefusedError
from tokenvend.domain.signing import SigningAlgorithm
from tokenvend.domain.token import AccessToken

_FILE = Path(__file__).parent / "cases" / "providers.json"
_DOCUMENT = json.loads(_FILE.read_text(encoding="utf-8"))
CASES: dict[str, Any] = {each["name"]: each for each in _DOCUMENT["token_requests"]}
_DEFAULT_SECONDS = 600
_NO_CLIENT: dict[str, Any] = {"client_authentication": "none"}
_POST: dict[str, Any] = {"client_authentication": "client_secret_post"}
_JSON: dict[str, Any] = {"parameters_in": "json"}
_USER = {"username": "{secret.username}", "password": "{secret.password}"}


def _answers(**described: Any) -> dict[str, Any]:
    return _POST | {"token_answer": described}


def _asks(**described: Any) -> dict[str, Any]:
    return {"token_request": described}


#: What the file says of the provider of each case, beside its endpoint.
DESCRIBED: dict[str, dict[str, Any]] = {
    "no token_type": _POST,
    "token_type with words": _answers(token_types=["Application Access Token"]),
    "token_type jwt-bearer, expires_in as text": _answers(token_types=["jwt-bearer"]),
    "token_type mac": _POST,
    "201 Created": _POST,
    "answer in an envelope": _answers(
        token="tokenData.access_token",
        token_type="tokenData.token_type",
        lifetime="tokenData.expires_in",
        success="success",
    ),
    "token under another name": _answers(token="token"),
    "camel case": _answers(token="accessToken", token_type="tokenType", lifetime="expiresIn"),
    "lifetime as an instant": _answers(lifetime="expires_at", lifetime_unit="rfc3339"),
    "lifetime in milliseconds": _answers(lifetime_unit="milliseconds"),
    "lifetime as text with a fraction": _POST,
    "nulls": _POST,
    "error is null beside a token": _POST,
    "a 200 that says no, in its own words": _answers(error="errcode"),
    "no token at all": _POST,
    "scope as a list": _POST,
    "JSON request": _POST | _asks(**_JSON),
    "JSON request without grant_type": _POST | _asks(**_JSON, omit_grant_type=True),
    "another grant_type with an account": _asks(
        grant_type="account_credentials", parameters={"account_id": "{secret.account_id}"}
    ),
    "parameters in the query": _asks(parameters_in="query"),
    "a subscription key beside the client": _POST
    | _asks(headers={"Ocp-Apim-Subscription-Key": "{secret.subscription_key}"}),
    "a fixed header": _POST | _asks(headers={"X-Tenant": "acme"}),
    "basic without form-encoding": {"client_authentication": "client_secret_basic_unencoded"},
    "answer as a form": _POST,
    "resource owner password": _POST | _asks(grant_type="password", parameters=_USER),
    "login with JSON, token in the answer's data": _NO_CLIENT
    | _asks(**_JSON, omit_grant_type=True, parameters=_USER)
    | {
        "token_answer": {
            "token": "data.token.access_token",
            "lifetime": "data.token.expires_in",
        }
    },
    "one host for each tenant": _POST
    | {
        "token_endpoint": "https://{tenant.domain}/oauth/token",
        "tenant_values": {"domain": ["*.provider.example"]},
    },
    "one path or parameter for each tenant": _POST | {"tenant_values": {"directory": ["*"]}},
    "JWT bearer grant": _NO_CLIENT | _asks(assertion={"issuer": "{secret.client_email}"}),
}
#: What is vended without an exchange: see `test_static_cases`.
STATIC = {
    *("two headers for each call", "HTTP Basic for each call", "key in the query of each call"),
}


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


def _vended(case: dict[str, Any], **at: Any) -> AccessToken:
    answer, needs, otherwise = case["answer"], case["needs"], case.get("otherwise", {})
    given = {
        key: _filled(each, case["secret"]) if isinstance(each, str) else each
        for key, each in needs.items()
    }
    instant = (START + timedelta(seconds=1200)).isoformat()
    body = json.dumps(answer.get("json")).replace("{now+1200s as RFC 3339}", instant)
    secret = {
        name: value.replace("{PEM}", pem_of(new_pair(SigningAlgorithm.RS256)).reveal())
        for name, value in case["secret"].items()
    }
    with token_endpoint(
        answer.get("text", body).encode(),
        status=answer["status"],
        content_type=answer.get("content_type", "application/json"),
        takes=lambda asked: _is_as_needed(asked, given),
        otherwise=otherwise.get("json"),
        otherwise_status=otherwise.get("status", 400),
        context=at.get("context"),
    ) as endpoint:
        described = DESCRIBED[case["name"]]
        url = endpoint.url.removesuffix("/token") + needs.get("path", "/token")
        if "names" in at:
            at["names"].ports[secret["domain"]] = endpoint.server.port
        return vend(
            {"token_endpoint": url} | described,
            secret,
            clock=FakeClock(),
            default_lifetime_seconds=_DEFAULT_SECONDS,
            ca_file=at.get("ca_file"),
            host=at.get("host"),
            family="tenant_values" in described,
            tenant="acme" if "tenant_values" in described else None,
        )


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

    token, then = _vended(case, **at), case["then"]

    stated = then["lifetime_seconds"]
    lifetime = _DEFAULT_SECONDS if stated == "the credential's default" else stated
    assert token.access_token.reveal() == then["access_token"]
    assert token.stated_lifetime.total_seconds() == lifetime
    if "scope" in then:
        assert token.scopes == frozenset(then["scope"].split())


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("token_type mac", "unsupported_token_type", "token_type is not Bearer"),
        ("a 200 that says no, in its own words", "40013", "40013"),
        ("no token at all", "malformed_access_token", "it has no access_token"),
    ],
)
def test_described_provider_refuses(name: str, error: str, told: str) -> None:
    with pytest.raises(ProviderRefusedError, match=told) as caught:
        _vended(CASES[name])

    assert "refused" in CASES[name]["then"]
    assert caught.value.provider_error == error
    assert ("token_type" in str(caught.value)) is (error == "unsupported_token_type")


@pytest.mark.parametrize("name", [name for name in DESCRIBED if "otherwise" in CASES[name]])
def test_provider_that_is_not_described_refuses(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is the description that makes it vend, and not an endpoint that takes anything."""
    monkeypatch.setitem(DESCRIBED, name, {})
    secret = {"client_id": "id", "client_secret": "s3cret"} | CASES[name]["secret"]

    with pytest.raises(ProviderRefusedError):
        _vended(CASES[name] | {"secret": secret})


def test_every_case_is_described() -> None:
    assert DESCRIBED.keys().isdisjoint(STATIC)
    assert DESCRIBED.keys() | STATIC == CASES.keys()
    assert (len(DESCRIBED), len(CASES)) == (29, 32)
