"""The clients that the functions use are held to the bounds."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.adapters.aws import REGION

from tokenvend.adapters.aws_clients import aws_client
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
