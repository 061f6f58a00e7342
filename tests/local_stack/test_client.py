"""The client library over every way in, against the deployed template."""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import httpx
import pytest
import requests
from tests.local_stack.client_service import (
    LIFE_SECONDS,
    RETURN_URL,
    WAYS,
    CountedWayIn,
    Service,
    new_service,
    patient_client,
)
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
from tokenvend_client.secret import Secret
from tokenvend_local import places
from tokenvend_local.consenting import consent as consent_to
from tokenvend_local.stack import LocalStack

PAGE = (places.ROOT / "docs" / "client.md").read_text(encoding="utf-8")
FIRST_LINES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]


@pytest.fixture(scope="module")
def service(stack: LocalStack, harness: Harness) -> Service:
    return new_service(stack, harness)


def refreshed(connection: Connection) -> dict[str, Any]:
    return {
        "refreshed_at": connection.refreshed_at,
        "refresh_expires_at": connection.refresh_expires_at,
    }


@pytest.fixture(params=list(WAYS))
def client(service: Service, request: pytest.FixtureRequest) -> Client:
    return patient_client(WAYS[request.param](service))


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
    client, credential = patient_client(WAYS[way_in](service)), service.to_report[way_in]
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
    client, user = patient_client(WAYS[way_in](service)), f"ada-{way_in}"
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
    client, credential = patient_client(WAYS[way_in](service)), service.to_replace[way_in]
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
    counted = CountedWayIn(WAYS["direct"](service))
    client = patient_client(counted)
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
