"""What the file says of each provider in `cases/providers.json`, and what each of them answers."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.fakes.clock import START

_FILE = Path(__file__).parent / "cases" / "providers.json"
_DOCUMENT = json.loads(_FILE.read_text(encoding="utf-8"))
CASES: dict[str, Any] = {each["name"]: each for each in _DOCUMENT["token_requests"]}
#: The credential's own, where an answer states no lifetime.
DEFAULT_SECONDS = 600
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
#: What the file says of the API of each case that is handed out without an exchange.
STATIC: dict[str, dict[str, Any]] = {
    "two headers for each call": {
        "headers": {"X-Api-Key": "{secret.api_key}", "X-Account": "{secret.account}"}
    },
    "HTTP Basic for each call": {"basic": {}},
    "key in the query of each call": {"query": {"api_key": "{secret.api_key}"}},
}


def credential_of(name: str) -> dict[str, Any]:
    """What the file says of the credential: of a family where each tenant brings values."""
    said: dict[str, Any] = {"default_lifetime_seconds": DEFAULT_SECONDS}
    return said | ({"family": True} if "tenant_values" in DESCRIBED[name] else {})


def body_of(answer: dict[str, Any]) -> bytes:
    """The body of the provider's answer, at `START`."""
    instant = (START + timedelta(seconds=1200)).isoformat()
    text = json.dumps(answer.get("json")).replace("{now+1200s as RFC 3339}", instant)
    return str(answer.get("text", text)).encode()


def lifetime_of(case: dict[str, Any]) -> int:
    """How many seconds the token must live."""
    stated = case["then"]["lifetime_seconds"]
    return DEFAULT_SECONDS if stated == "the credential's default" else int(stated)
