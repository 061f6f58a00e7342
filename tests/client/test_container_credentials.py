"""Credentials of an ECS task: their endpoint is on its host's own link."""

import json
from collections.abc import Mapping

import pytest

from tokenvend_client.aws.metadata import of_container
from tokenvend_client.aws.sigv4 import AwsCredentials
from tokenvend_client.errors import Failure
from tokenvend_client.http import HttpAnswer, HttpSender
from tokenvend_client.secret import Secret

FIELDS = {
    "AccessKeyId": "AKIDECS",
    "SecretAccessKey": "secret",
    "Token": "session",
    "Expiration": "2099-01-01T00:00:00Z",
}


class Endpoint(HttpSender):
    """Notes what is asked, and answers as ECS does."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, Secret],
        body: Secret | None = None,
        *,
        timeout_seconds: float,
    ) -> HttpAnswer | Failure:
        assert body is None
        assert timeout_seconds <= 5
        sent = {name: value.reveal() for name, value in headers.items()}
        self.asked.append((method, url, sent))
        return HttpAnswer(200, {}, Secret(json.dumps(FIELDS)))


@pytest.fixture(autouse=True)
def _no_other_container(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_a_task_asks_the_address_of_ecs_before_any_full_uri(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/5f6a")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/creds")
    endpoint = Endpoint()

    found = of_container(endpoint)

    assert isinstance(found, AwsCredentials)
    assert found.session_token is not None
    assert (found.access_key_id, found.session_token.reveal()) == ("AKIDECS", "session")
    assert endpoint.asked == [("GET", "http://169.254.170.2/v2/credentials/5f6a", {})]


@pytest.mark.parametrize("relative", ["@example.com/creds", ".example.com/creds", "5/creds"])
def test_a_relative_uri_leads_to_no_other_host(
    relative: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", relative)
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "task")
    endpoint = Endpoint()

    found = of_container(endpoint)

    assert isinstance(found, Failure)
    assert "not one of AWS" in found.description
    assert endpoint.asked == []
