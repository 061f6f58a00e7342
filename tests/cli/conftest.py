"""The command on an AWS of its own in this process.

`tokenvend` runs it; `registry` and `secret_generations` look at what it left behind; `refuse` lets
AWS deny.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.client import BaseClient
from moto import mock_aws
from tests.cli import aws
from tests.cli.aws import FakeCloudFormation, FakeLambda, aws_error
from typer.testing import CliRunner, Result

from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.main import app
from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.provider import Provider

WORKER = "arn:aws:iam::123456789012:role/service/worker"
FILE: dict[str, Any] = {
    "version": 1,
    "providers": {"acme": {"token_endpoint": "https://login.acme.example/token"}},
    "credentials": {
        "jobs": {"provider": "acme", "scopes": ["read"]},
        "partner": {"provider": "acme", "scopes": ["read"], "family": True},
    },
    "callers": {
        "shop": {"identities": [{"client": "shop-web"}]},
        "events": {"direct": {"principals": [WORKER]}},
    },
    "grants": [
        {"caller": "shop", "credential": "jobs", "scopes": ["read"]},
        {"caller": "events", "credential": "partner", "scopes": ["read"], "tenants": "all"},
    ],
}


@dataclass(frozen=True, slots=True)
class Tokenvend:
    """Runs `tokenvend`, and knows where its file is."""

    file: Path
    function: FakeLambda
    stack: FakeCloudFormation

    def __call__(self, *words: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, list(words), input=stdin)

    def json(self, *words: str, stdin: str = "") -> Any:
        """What it prints with `--json`."""
        return json.loads(self(*words, "--json", stdin=stdin).stdout)

    def write(self, change: Callable[[dict[str, Any]], object] = lambda _: None) -> None:
        """Write `FILE` as *change* makes it."""
        document = json.loads(json.dumps(FILE))
        change(document)
        self.file.write_text(yaml.safe_dump(document), encoding="utf-8")

    def on_file(self, *words: str) -> Result:
        """Run a command on the file."""
        return self(*words, "--file", str(self.file))

    def apply(self) -> Result:
        """Apply the file; nothing may go wrong."""
        result = self.on_file("apply", "--yes", "--first")
        assert result.exit_code == 0, result.output
        return result


@pytest.fixture
def tokenvend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tokenvend]:
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "TOKENVEND_STACK"):
        monkeypatch.delenv(name, raising=False)
    fakes: dict[str, Any] = {"lambda": FakeLambda(), "cloudformation": FakeCloudFormation()}

    def client(_: Deployment, service: str) -> Any:
        return fakes.get(service) or aws.client(service)

    monkeypatch.setattr(Deployment, "client", client)
    command = Tokenvend(tmp_path / "tokenvend.yaml", fakes["lambda"], fakes["cloudformation"])
    command.write()
    with mock_aws():
        make_table("registry", "pk", "sk")
        make_table("tokens", "pk")
        make_table("connections", "pk")
        yield command


def make_table(name: str, *keys: str) -> None:
    aws.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
    )


type Refuse = Callable[[str], None]


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Lets AWS deny one operation from then on."""
    real = BaseClient._make_api_call  # type: ignore[attr-defined]

    def refusing(operation: str) -> None:
        def call(self: Any, name: str, arguments: Any) -> Any:
            if name == operation:
                raise aws_error("AccessDeniedException", "not allowed", name)
            return real(self, name, arguments)

        monkeypatch.setattr(BaseClient, "_make_api_call", call)

    return refusing


type Items = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture
def registry() -> Callable[[], Items]:
    """Reads every item but the revision: its document by its key."""

    def read() -> Items:
        items = aws.client("dynamodb").scan(TableName="registry")["Items"]
        found = {(item["pk"]["S"], item["sk"]["S"]): item["document"]["S"] for item in items}
        return {key: json.loads(text) for key, text in found.items() if key[0] != "meta"}

    return read


@pytest.fixture
def secret_generations() -> Callable[[], dict[str, str]]:
    """Reads the epochs: by what they are of."""

    def read() -> dict[str, str]:
        items = aws.client("dynamodb").scan(TableName="tokens")["Items"]
        return {item["pk"]["S"]: item["secret_generation"]["S"] for item in items}

    return read


@pytest.fixture
def provider() -> Iterator[ProviderControl]:
    """The demo provider, in this process."""
    running = Provider("key")
    running.start()
    yield ProviderControl(running.control.url, "key", running.provider.url)
    running.stop()
