"""The client library over every way in, against the deployed template."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import requests
from tests.local_stack.world import World

from tokenvend_client import (
    CallerNotProvenError,
    Client,
    DirectInvocation,
    OAuthClient,
    RefusedError,
    SignedRequests,
)
from tokenvend_client.aws.sigv4 import AwsCredentials
from tokenvend_client.secret import Secret
from tokenvend_client.ways_in import WayIn
from tokenvend_local import places
from tokenvend_local.asking import OAuthClient as Issued
from tokenvend_local.demo_provider.clients import Client as ProviderClient
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack

PAGE = (places.ROOT / "docs" / "client.md").read_text(encoding="utf-8")
FIRST_LINES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]


@dataclass(frozen=True, slots=True)
class Service:
    """A caller that may use every way in, and what it may have."""

    stack: LocalStack
    name: str
    credential: str
    provider_clients: dict[str, ProviderClient]
    to_report: dict[str, str]
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
def service(stack: LocalStack, world: World) -> Service:
    credential, name = world.name("jobs"), world.name("client")
    to_report = {way_in: world.name(f"report-{way_in}") for way_in in WAYS}
    credentials = [credential, *to_report.values()]
    provider_clients = {each: world.credential(each) for each in credentials}
    role = world.role(name, may_invoke=name)
    world.caller(name, iam=role, client_id=f"{name}-web", direct=role)
    for each in credentials:
        world.grant(name, each)
    world.apply()
    issued = world.new_client(name)
    return Service(stack, name, credential, provider_clients, to_report, role, issued)


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


@pytest.fixture(params=list(WAYS))
def client(service: Service, request: pytest.FixtureRequest) -> Client:
    return Client(WAYS[request.param](service))


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
    client, credential = Client(WAYS[way_in](service)), service.to_report[way_in]
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
    unknown = AwsCredentials("AKIAIOSFODNN7EXAMPLE", Secret("x" * 40))
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
