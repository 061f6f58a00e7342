"""The client library over every way in, against the deployed template."""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
import requests
from tests.local_stack.conftest import MEMORY_SECONDS
from tests.local_stack.harness import Harness

import tokenvend_client.httpx
import tokenvend_client.requests
from tokenvend_client import (
    CallerNotProvenError,
    Client,
    Connection,
    ConsentRequiredError,
    DirectInvocation,
    OAuthClient,
    RefusedError,
    SignedRequests,
)
from tokenvend_client.aws.sigv4 import AwsCredentials
from tokenvend_client.errors import Failure
from tokenvend_client.request import Call
from tokenvend_client.secret import Secret
from tokenvend_client.ways_in import Document, WayIn
from tokenvend_local import places
from tokenvend_local.callers import OAuthClient as Issued
from tokenvend_local.consenting import consent as consent_to
from tokenvend_local.demo_provider.clients import Client as OAuthEndpointClient
from tokenvend_local.demo_provider.clients import Flavour
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack

PAGE = (places.ROOT / "docs" / "client.md").read_text(encoding="utf-8")
RETURN_URL = "http://127.0.0.1:9/connected"
#: Long enough for a busy machine to answer ahead of a token's end.
LIFE_SECONDS = 60
STANDARD = Flavour.STANDARD
FIRST_LINES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]


@dataclass(frozen=True, slots=True)
class Service:
    """A caller that may use every way in, and what it may have."""

    stack: LocalStack
    name: str
    credential: str
    provider_clients: dict[str, OAuthEndpointClient]
    to_report: dict[str, str]
    to_replace: dict[str, str]
    consented: str
    short_lived: str
    role: Principal
    issued: Issued

    @property
    def function(self) -> str:
        return f"{self.stack.deployed.outputs['VendDirectFunctionName']}:{self.name}"

    def credentials(self) -> AwsCredentials:
        role = self.role
        token = Secret(role.session_token) if role.session_token else None
        return AwsCredentials(role.access_key_id, Secret(role.secret_access_key), token)

    def environment(self, way_in: str) -> dict[str, str]:
        url = {"TOKENVEND_URL": self.stack.deployed.api_url}
        named = {
            "direct": {"TOKENVEND_FUNCTION": self.function},
            "signed": url,
            "oauth": url
            | {
                "TOKENVEND_CLIENT_ID": self.issued.client_id,
                "TOKENVEND_CLIENT_SECRET": self.issued.client_secret,
            },
        }
        return named[way_in] | {"TOKENVEND_REGION": places.REGION, "AWS_REGION": "us-west-2"}


@pytest.fixture(scope="module")
def service(stack: LocalStack, harness: Harness) -> Service:
    credential, name = harness.name("jobs"), harness.name("client")
    to_report = {way_in: harness.name(f"report-{way_in}") for way_in in WAYS}
    to_replace = {way_in: harness.name(f"replace-{way_in}") for way_in in WAYS}
    consented = harness.name("hiring")
    short_lived = harness.name("short")
    provider_clients = {
        short_lived: harness.credential(short_lived, lifetime_seconds=LIFE_SECONDS),
        **{each: harness.credential(each) for each in (credential, *to_report.values())},
        **{each: harness.credential(each, flavour=STANDARD) for each in to_replace.values()},
    }
    harness.consent_credential(consented)
    role = harness.role(name, may_invoke=name)
    harness.caller(name, iam=role, client_id=f"{name}-web", direct=role, title="Careers site")
    for each in provider_clients:
        harness.grant(name, each)
    harness.grant(name, consented, return_urls=[RETURN_URL])
    harness.apply()
    issued = harness.new_client(name)
    return Service(
        stack=stack,
        name=name,
        credential=credential,
        provider_clients=provider_clients,
        to_report=to_report,
        to_replace=to_replace,
        consented=consented,
        short_lived=short_lived,
        role=role,
        issued=issued,
    )


WAYS: dict[str, Callable[[Service], WayIn]] = {
    "oauth": lambda service: OAuthClient(
        service.stack.deployed.api_url, service.issued.client_id, service.issued.client_secret
    ),
    "signed": lambda service: SignedRequests(
        service.stack.deployed.api_url, region=places.REGION, credentials=service.credentials
    ),
    "direct": lambda service: DirectInvocation(
        service.function,
        region=places.REGION,
        credentials=service.credentials,
        endpoint=service.stack.endpoint,
    ),
}


def refreshed(connection: Connection) -> dict[str, Any]:
    return {
        "refreshed_at": connection.refreshed_at,
        "refresh_expires_at": connection.refresh_expires_at,
    }


def patient(way_in: WayIn) -> Client:
    """A client that also waits for cold workers on a machine that is busy otherwise."""
    return Client(way_in, timeout_seconds=120)


class Counted:
    """A way in that counts its attempts."""

    def __init__(self, way_in: WayIn) -> None:
        self._way_in = way_in
        self.attempts = 0

    def send(self, call: Call, *, timeout_seconds: float) -> Document | Failure:
        self.attempts += 1
        return self._way_in.send(call, timeout_seconds=timeout_seconds)


@pytest.fixture(params=list(WAYS))
def client(service: Service, request: pytest.FixtureRequest) -> Client:
    return patient(WAYS[request.param](service))


def test_token_opens_the_api_and_is_asked_for_once(service: Service, client: Client) -> None:
    token = client.token(service.credential, scope="jobs_read")

    api = requests.get(service.stack.provider.url + "/jobs", headers=token.headers, timeout=30)

    assert api.status_code == requests.codes.ok
    assert token.scope == "jobs_read"
    assert 0 < token.seconds_left <= 1799
    assert client.token(service.credential, scope="jobs_read") is token
    assert asyncio.run(client.token_async(service.credential, scope=["jobs_read"])) is token


@pytest.mark.parametrize("way_in", list(WAYS))
def test_reported_token_is_replaced_by_one_exchange(service: Service, way_in: str) -> None:
    # A replacement is not replaced before a quarter of its life: each way in has its own.
    client, credential = patient(WAYS[way_in](service)), service.to_report[way_in]
    refused = client.token(credential)

    another = client.replace(refused)

    assert another.token_sha256 != refused.token_sha256
    assert client.token(credential) is another
    provider_client = service.provider_clients[credential]
    assert len(service.stack.provider.exchanges(provider_client.client_id)) == 2


def test_scope_beyond_the_grant_is_refused_with_its_code(service: Service, client: Client) -> None:
    with pytest.raises(RefusedError) as caught:
        client.token(service.credential, scope="jobs_manage")

    assert caught.value.code == "invalid_scope"


def test_credential_that_is_not_granted_is_refused(client: Client) -> None:
    with pytest.raises(RefusedError) as caught:
        client.token("nobodys")

    assert caught.value.code == "unauthorized_client"


def test_long_work_gets_a_token_that_lasts(service: Service, client: Client) -> None:
    assert client.token(service.credential, min_ttl_seconds=300).seconds_left > 300


def test_caller_with_a_wrong_proof_is_not_proven(service: Service) -> None:
    api_url = service.stack.deployed.api_url
    unknown = AwsCredentials("nobodys-key-id", Secret("x" * 40))
    for way_in in (
        OAuthClient(api_url, service.issued.client_id, "tv_wrong"),
        SignedRequests(api_url, region=places.REGION, credentials=lambda: unknown),
        DirectInvocation(
            service.function,
            region=places.REGION,
            credentials=lambda: unknown,
            endpoint=service.stack.endpoint,
        ),
    ):
        with pytest.raises(CallerNotProvenError):
            Client(way_in).token(service.credential)


@pytest.mark.parametrize("way_in", list(WAYS))
def test_first_lines_of_the_page_get_a_token_that_opens_the_api(
    service: Service, way_in: str
) -> None:
    script = FIRST_LINES.replace('"sr-jobs"', repr(service.credential)) + (
        "import requests\n"
        f"print(requests.get({service.stack.provider.url + '/jobs'!r}, headers=headers, timeout=30)"
        ".status_code)\n"
    )
    environ = places.environment(
        service.environment(way_in)
        | {"AWS_ENDPOINT_URL": service.stack.deployed.endpoint}
        | service.role.as_environment(),
        inherited=os.environ,
    )

    ran = subprocess.run(
        [sys.executable, "-c", script],
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == requests.codes.ok


@pytest.mark.parametrize("way_in", list(WAYS))
def test_user_consents_and_the_connections_token_opens_the_api(
    service: Service, way_in: str
) -> None:
    client, user = patient(WAYS[way_in](service)), f"ada-{way_in}"
    hiring = client.connections(service.consented)
    link = hiring.start(user, return_url=RETURN_URL, scope="jobs_read user_me_read")
    with pytest.raises(ConsentRequiredError):
        client.token(service.consented, connection=user)

    code = consent_to(link.connect_url)
    assert hiring.inspect(user).status == "pending"
    with pytest.raises(RefusedError) as caught:
        hiring.complete(user, "x" * 43)
    done = hiring.complete(user, code)
    auth = tokenvend_client.requests.TokenAuth(client, service.consented, connection=user)
    me = requests.get(service.stack.provider.url + "/users/me", auth=auth, timeout=30)

    assert caught.value.code == "invalid_grant"
    assert (done.status, done.account, done.scope) == ("active", "ada", "jobs_read user_me_read")
    # The token was made by a refresh, which the connection shows.
    assert replace(hiring.inspect(user), **refreshed(done)) == done
    assert user in {each.connection for each in hiring.list()}
    assert me.json()["id"] == "ada"
    hiring.disconnect(user)
    # Until then a function may answer the connection's token from its memory.
    time.sleep(MEMORY_SECONDS + 1)
    with pytest.raises(ConsentRequiredError):
        client.token(service.consented, connection=user)


@pytest.mark.parametrize("way_in", list(WAYS))
def test_api_that_refuses_a_token_gets_the_next_one(service: Service, way_in: str) -> None:
    client, credential = patient(WAYS[way_in](service)), service.to_replace[way_in]
    provider_client = service.provider_clients[credential]
    auth = tokenvend_client.httpx.TokenAuth(client, credential, scope="jobs_read")
    revoked = requests.post(
        service.stack.provider.url + "/oauth2/revoke",
        data={"token": client.token(credential, scope="jobs_read").reveal()},
        auth=(provider_client.client_id, provider_client.client_secret),
        timeout=30,
    )
    revoked.raise_for_status()

    with httpx.Client(auth=auth, trust_env=False) as api:
        answers = [api.get(service.stack.provider.url + "/jobs") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [requests.codes.ok] * 3
    assert len(service.stack.provider.exchanges(provider_client.client_id)) == 2


def test_a_thousand_calls_a_second_ask_at_most_twice_for_each_token(service: Service) -> None:
    counted = Counted(WAYS["direct"](service))
    client = patient(counted)
    asked: Counter[str] = Counter()
    attempts, calls = 0, 0
    started = time.monotonic()

    while time.monotonic() - started < 1.5 * LIFE_SECONDS:
        token = client.token(service.short_lived)
        asked[token.token_sha256] += counted.attempts - attempts
        attempts = counted.attempts
        calls += 1
        time.sleep(0.001)

    # On a machine that is busy otherwise, a call takes longer than its pause.
    assert calls > 100 * LIFE_SECONDS
    assert len(asked) >= 2
    assert max(asked.values()) <= 2
