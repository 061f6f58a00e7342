"""Providers that are not by the book, on the deployed template: each by its description alone.

What they answer holds a token that the last test of this folder looks for in every log, and so it
does for each value of their secrets.
"""

import json
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.configuration.described import ReceivedRequest, token_endpoint
from tests.fakes.signer import new_pair, pem_of
from tests.local_stack.harness import Harness

from tokenvend.domain.signing import SigningAlgorithm
from tokenvend_local.callers import ask_signed
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack

ACCOUNT, PASSWORD = secrets.token_hex(16), secrets.token_hex(16) + " +/=%ä"
CLIENT = {"client_id": "our/client", "client_secret": secrets.token_hex(16) + "+/="}
PRIVATE_KEY = pem_of(new_pair(SigningAlgorithm.RS256)).reveal()


@dataclass(frozen=True)
class Dialect:
    """A provider as the file has it, its secret, and what it takes and answers.

    With a `tenant` the secret is that tenant's, and `path` has values of it.
    """

    described: dict[str, Any]
    secret: dict[str, str]
    takes: Callable[[ReceivedRequest], bool]
    answer: Callable[[str], object]
    path: str = "/token"
    tenant: str | None = None


def _plainly(token: str) -> object:
    return {"access_token": token, "token_type": "Bearer", "expires_in": 1800}


def _is_signed_by_the_account(asked: ReceivedRequest) -> bool:
    _, claims, _ = asked.form["assertion"].split(".")
    said = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return bool(said["iss"] == "svc@project.example" and said["scope"] == "reports_read")


DIALECTS = {
    "a grant type of its own, with an account": Dialect(
        {
            "token_request": {
                "grant_type": "account_credentials",
                "parameters": {"account_id": "{secret.account_id}"},
            }
        },
        CLIENT | {"account_id": ACCOUNT},
        lambda asked: (
            asked.form == {"grant_type": "account_credentials", "account_id": ACCOUNT}
            and asked.basic[0] == "our%2Fclient"
        ),
        _plainly,
    ),
    "a login in JSON, the token in an envelope": Dialect(
        {
            "client_authentication": "none",
            "token_request": {
                "omit_grant_type": True,
                "parameters_in": "json",
                "parameters": {"user": {"name": "svc", "password": "{secret.password}"}},
            },
            "token_answer": {
                "token": "data.jwt",
                "lifetime": "data.ttl",
                "lifetime_unit": "milliseconds",
                "success": "ok",
            },
        },
        {"password": PASSWORD},
        lambda asked: asked.json == {"user": {"name": "svc", "password": PASSWORD}},
        lambda token: {"ok": True, "data": {"jwt": token, "ttl": 1_800_000}},
    ),
    "a GET with the secret in its query": Dialect(
        {
            "client_authentication": "none",
            "token_request": {
                "method": "GET",
                "omit_grant_type": True,
                "parameters_in": "query",
                "parameters": {"appid": "{secret.client_id}", "secret": "{secret.client_secret}"},
            },
            "token_answer": {"error": "errcode"},
        },
        CLIENT,
        lambda asked: (
            asked.method == "GET"
            and asked.query == {"appid": CLIENT["client_id"], "secret": CLIENT["client_secret"]}
        ),
        lambda token: {"errcode": 0, "access_token": token, "expires_in": 1800},
    ),
    "HTTP Basic as it is, behind a gateway": Dialect(
        {
            "client_authentication": "client_secret_basic_unencoded",
            "token_request": {"headers": {"Ocp-Apim-Subscription-Key": "{secret.gateway_key}"}},
        },
        CLIENT | {"gateway_key": ACCOUNT},
        lambda asked: (
            asked.basic == [CLIENT["client_id"], CLIENT["client_secret"]]
            and asked.headers["ocp-apim-subscription-key"] == ACCOUNT
        ),
        _plainly,
    ),
    "a service account that signs": Dialect(
        {
            "client_authentication": "none",
            "token_request": {
                "assertion": {"issuer": "{secret.client_email}", "scope_claim": True}
            },
        },
        {"client_email": "svc@project.example", "private_key": PRIVATE_KEY},
        _is_signed_by_the_account,
        _plainly,
    ),
    "a customer's own path and parameter": Dialect(
        {
            "tenant_values": {"directory": ["*"]},
            "token_request": {"parameters": {"audience": "api://{tenant.directory}"}},
        },
        CLIENT | {"directory": ACCOUNT},
        lambda asked: (
            asked.path == f"/{ACCOUNT}/token" and asked.form["audience"] == f"api://{ACCOUNT}"
        ),
        _plainly,
        path="/{tenant.directory}/token",
        tenant="acme",
    ),
}


@dataclass(frozen=True)
class Provider:
    """A dialect's endpoint as it runs, its credential, and a role that may have its token."""

    name: str
    role: Principal
    token: str
    requests: list[bytes]
    asked: dict[str, str]


@pytest.fixture(params=DIALECTS)
def provider(
    request: pytest.FixtureRequest, harness: Harness, keep_out_of_logs: set[str]
) -> Iterator[Provider]:
    dialect, token = DIALECTS[request.param], secrets.token_urlsafe(32)
    keep_out_of_logs.update({token, ACCOUNT, PASSWORD, CLIENT["client_secret"], PRIVATE_KEY})
    with token_endpoint(dialect.answer(token), takes=dialect.takes) as endpoint:
        name, caller = harness.name("reports"), harness.name("shop")
        harness.configuration["providers"][name] = {
            "token_endpoint": endpoint.url.removesuffix("/token") + dialect.path
        } | dialect.described
        harness.configuration["credentials"][name] = {
            "provider": name,
            "scopes": ["reports_read"],
            "scope_parameter": "assertion" in dialect.described.get("token_request", {}),
            "family": dialect.tenant is not None,
        }
        role = harness.role(caller)
        harness.caller(caller, iam=role)
        asked = {"tenant": dialect.tenant} if dialect.tenant else {}
        harness.grant(caller, name, **({"tenants": "all"} if asked else {}))
        harness.apply()
        secret = "/".join([name, *asked.values()])
        harness.stack.tokenvend("secret", "put", secret, stdin=json.dumps(dialect.secret))
        yield Provider(name, role, token, endpoint.server.requests, asked)


def test_provider_that_is_described_is_vended_once_and_then_from_the_table(
    stack: LocalStack, provider: Provider
) -> None:
    first = ask_signed(stack.deployed, provider.role, provider.name, **provider.asked)
    second = ask_signed(stack.deployed, provider.role, provider.name, **provider.asked)

    assert (first.status, first.token, second.token) == (200, provider.token, provider.token)
    assert 1700 < first.document["expires_in"] <= 1800
    assert len(provider.requests) == 1
