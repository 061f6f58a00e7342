"""The clients that the functions use are held to the bounds."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from tests.adapters.aws import REGION

from tokenvend.adapters.aws_clients import aws_client, listen_to_failures
from tokenvend.adapters.aws_errors import AwsFailure
from tokenvend.domain import bounds

SERVICES = ["dynamodb", "kms", "secretsmanager"]


@pytest.fixture(autouse=True)
def _new_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    aws_client.cache_clear()
    yield
    aws_client.cache_clear()


@pytest.mark.parametrize("service", SERVICES)
def test_a_client_waits_and_tries_no_longer_than_the_bounds(service: str) -> None:
    config = aws_client(service).meta.config

    assert config.connect_timeout == bounds.AWS_CONNECT_SECONDS
    assert config.read_timeout == bounds.AWS_READ_SECONDS
    assert config.retries == {"total_max_attempts": bounds.AWS_ATTEMPTS, "mode": "standard"}


def test_an_environment_has_one_client_per_service() -> None:
    assert aws_client("kms") is aws_client("kms")
    assert aws_client("kms") is not aws_client("dynamodb")


def test_all_attempts_of_a_call_end_within_a_request() -> None:
    longest = bounds.AWS_ATTEMPTS * (bounds.AWS_CONNECT_SECONDS + bounds.AWS_READ_SECONDS)

    assert longest < bounds.EXCHANGE_NEEDS.total_seconds()


def test_importing_the_tables_loads_nothing_that_only_a_miss_needs() -> None:
    script = (
        "import sys, tokenvend.adapters.aws_clients, tokenvend.adapters.dynamodb.token_store,"
        " tokenvend.adapters.dynamodb.vend_reader, tokenvend.adapters.dynamodb.data_keys;"
        " print(*sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert "cryptography.hazmat.primitives.ciphers.aead" in loaded
    assert not loaded & {
        "boto3",
        "cryptography.x509",
        "mypy_boto3_dynamodb",
        "pydantic",
        "requests",
        "tokenvend.adapters.provider_http",
        "tokenvend.adapters.secrets_manager",
    }


type Failed = tuple[str, str, AwsFailure, str]


@pytest.fixture
def failed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Failed]]:
    """Calls of any client that failed, as a listener gets them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    told: list[Failed] = []
    listen_to_failures(lambda *failure: told.append(failure))
    yield told
    listen_to_failures(lambda *_: None)


def describe(service: str, *, status: int = 200, code: str = "") -> None:
    """Make one harmless call of *service*, which answers with *status* and *code*."""
    client = aws_client(service)
    answer: dict[str, Any] = {"ResponseMetadata": {"HTTPStatusCode": status}}
    answer |= {"Error": {"Code": code}} if code else {}
    response = type("Response", (), {"status_code": status})()
    client.meta.events.register("before-call", lambda **_: (response, answer))
    with nullcontext() if status == HTTPStatus.OK else pytest.raises(ClientError, match=code):
        call(client, service)


def call(client: Any, service: str) -> None:
    match service:
        case "kms":
            client.describe_key(KeyId="k")
        case "secretsmanager":
            client.describe_secret(SecretId="s")
        case _:
            client.describe_table(TableName="t")


@pytest.mark.parametrize(
    ("service", "status", "code", "expected"),
    [
        ("kms", 400, "DisabledException", AwsFailure.REFUSED),
        ("kms", 400, "KMSInvalidStateException", AwsFailure.REFUSED),
        ("kms", 400, "AccessDeniedException", AwsFailure.REFUSED),
        ("kms", 400, "ThrottlingException", AwsFailure.THROTTLED),
        ("kms", 500, "KMSInternalException", AwsFailure.AWAY),
        ("secretsmanager", 400, "AccessDeniedException", AwsFailure.REFUSED),
        ("secretsmanager", 400, "DecryptionFailure", AwsFailure.REFUSED),
        ("dynamodb", 400, "ProvisionedThroughputExceededException", AwsFailure.THROTTLED),
        ("dynamodb", 400, "ResourceNotFoundException", AwsFailure.REFUSED),
    ],
)
def test_a_call_that_failed_is_told_with_how_it_failed(
    failed: list[Failed], service: str, status: int, code: str, expected: AwsFailure
) -> None:
    describe(service, status=status, code=code)

    ((told_service, operation, failure, told_code),) = failed
    assert (told_service, failure, told_code) == (service, expected, code)
    assert operation.startswith("Describe")


@pytest.mark.parametrize(
    ("service", "status", "code"),
    [
        pytest.param("kms", 200, "", id="an answer"),
        pytest.param("dynamodb", 400, "ConditionalCheckFailedException", id="a lost race"),
        pytest.param("secretsmanager", 400, "ResourceNotFoundException", id="no such secret"),
        pytest.param("secretsmanager", 400, "InvalidRequestException", id="deleted secret"),
        pytest.param("kms", 400, "InvalidCiphertextException", id="an altered data key"),
    ],
)
def test_an_answer_of_normal_work_is_no_failure(
    failed: list[Failed], service: str, status: int, code: str
) -> None:
    describe(service, status=status, code=code)

    assert failed == []


def test_a_call_without_an_answer_is_told_once_after_its_last_attempt(
    failed: list[Failed],
) -> None:
    client, attempts = aws_client("kms"), []

    def time_out(**_: object) -> None:
        attempts.append(HTTPStatus.REQUEST_TIMEOUT)
        raise ConnectTimeoutError(endpoint_url="https://kms.example")

    client.meta.events.register("before-send", time_out)
    with pytest.raises(ConnectTimeoutError):
        call(client, "kms")

    assert len(attempts) == bounds.AWS_ATTEMPTS
    assert failed == [("kms", "DescribeKey", AwsFailure.AWAY, "ConnectTimeoutError")]
