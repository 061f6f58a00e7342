"""Credentials of a container, a pod and an instance, where botocore is not installed."""

import http.server
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.loopback import serving

from tokenvend_client.aws.credentials import CredentialSource, default_credentials
from tokenvend_client.aws.sigv4 import AwsCredentials
from tokenvend_client.errors import Failure

_VARIABLES = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    *("AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
    *("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ENDPOINT_URL_STS"),
    *("AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_EC2_METADATA_DISABLED"),
)


@dataclass
class Aws:
    """Answers as AWS's endpoints do; `life` is how long its credentials live."""

    url: str = ""
    life: timedelta = timedelta(hours=6)
    asked: list[tuple[str, str]] = field(default_factory=list)
    status: int = 200
    count: int = 0

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, str]:
        self.asked.append((method, path))
        if path == "/latest/api/token":
            return (self.status, "session-of-metadata") if method == "PUT" else (405, "")
        if path.startswith("/latest/"):
            if headers["X-aws-ec2-metadata-token"] != "session-of-metadata":
                return 401, ""
            return (200, "billing") if path.endswith("/") else (self.status, self._json())
        if path == "/creds":
            return (self.status, self._json()) if headers["Authorization"] == "pod" else (403, "")
        form = parse_qs(body.decode())
        proven = form["WebIdentityToken"] == ["jwt"] and form["RoleArn"] == ["role-arn"]
        return (self.status if proven else 403), self._xml()

    def _values(self) -> dict[str, str]:
        self.count += 1
        until = (datetime.now(UTC) + self.life).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "AccessKeyId": f"AKID{self.count}",
            "SecretAccessKey": "secret",
            "Token": "session",
            "Expiration": until,
        }

    def _json(self) -> str:
        return json.dumps(self._values())

    def _xml(self) -> str:
        values = self._values()
        values["SessionToken"] = values.pop("Token")
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
        space = "https://sts.amazonaws.com/doc/2011-06-15/"
        return f'<A xmlns="{space}"><R><Credentials>{inner}</Credentials></R></A>'


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    found = Aws()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, text = found.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_PUT(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Handler) as url:
        found.url = url
        # No instance of the machine that runs the tests is asked.
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9")
        yield found


Place = Callable[[Aws, pytest.MonkeyPatch, Path], None]


def _pod(aws: Aws, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "pod").write_text("pod\n")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", aws.url + "/creds")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(folder / "pod"))


def _task(aws: Aws, monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", aws.url + "/creds")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "pod")


def _service_account(aws: Aws, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "jwt").write_text("jwt\n")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(folder / "jwt"))
    monkeypatch.setenv("AWS_ROLE_ARN", "role-arn")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", aws.url)


def _instance(aws: Aws, monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", aws.url)


@pytest.fixture(params=[_pod, _task, _service_account, _instance], ids=lambda each: each.__name__)
def source(
    request: pytest.FixtureRequest, aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> CredentialSource:
    request.param(aws, monkeypatch, tmp_path)
    return default_credentials()


def test_credentials_are_found_and_kept(source: CredentialSource, aws: Aws) -> None:
    found = source()

    assert isinstance(found, AwsCredentials)
    assert found.session_token is not None
    assert (found.access_key_id, found.secret_access_key.reveal()) == ("AKID1", "secret")
    assert found.session_token.reveal() == "session"
    assert source() is found
    assert aws.count == 1


def test_credentials_that_end_soon_are_fetched_again(source: CredentialSource, aws: Aws) -> None:
    aws.life = timedelta(seconds=200)

    first, second = source(), source()

    assert isinstance(first, AwsCredentials)
    assert isinstance(second, AwsCredentials)
    assert (first.access_key_id, second.access_key_id) == ("AKID1", "AKID2")


def test_credentials_that_are_good_for_a_while_outlast_an_outage_of_their_endpoint(
    source: CredentialSource, aws: Aws
) -> None:
    aws.life = timedelta(seconds=200)
    first = source()
    aws.status = 500

    assert source() is first


def test_an_endpoint_that_is_away_is_a_failure(source: CredentialSource, aws: Aws) -> None:
    aws.status = 500

    found = source()

    assert isinstance(found, Failure)
    assert "no AWS credentials" in found.description


@pytest.mark.parametrize(
    "url", ["http://example.com/creds", "http://10.0.0.1/creds", "http://127.0.0.1.example.com/"]
)
def test_no_other_host_gets_the_containers_token(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)

    found = default_credentials()()

    assert isinstance(found, Failure)
    assert "not one of AWS" in found.description
    assert aws.asked == []


def test_a_file_that_is_not_there_is_a_failure(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _service_account(aws, monkeypatch, tmp_path)
    (tmp_path / "jwt").unlink()

    assert isinstance(default_credentials()(), Failure)


def test_nobody_asks_an_instance_where_that_is_turned_off(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", aws.url)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    found = default_credentials()()

    assert isinstance(found, Failure)
    assert "need botocore" in found.description
    assert aws.asked == []
