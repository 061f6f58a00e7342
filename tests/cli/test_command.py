"""The command as a person types it, on an AWS of its own in this process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

from tokenvend_cli.main import app

FILE = """
version: 1
providers: {acme: {token_endpoint: "https://login.acme.example/token"}}
credentials: {jobs: {provider: acme, scopes: [read]}}
callers: {shop: {identities: [{client: shop-web}]}}
grants: [{caller: shop, credential: jobs, scopes: [read]}]
"""
OUTPUTS = {
    "DeploymentId": "tokenvend",
    "RegistryTableName": "registry",
    "TokensTableName": "tokens",
    "SecretPrefix": "tokenvend/tokenvend/",
    "VendDirectFunctionName": "direct",
    "LocalStack": "false",
}


def _table(name: str, *keys: str) -> None:
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[
            {"AttributeName": key, "KeyType": kind}  # type: ignore[typeddict-item]
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
    )


class Command:
    """Runs `tokenvend` and remembers where its file is."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def run(self, *words: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, list(words), input=stdin)

    def apply(self) -> Result:
        return self.run("apply", "--yes", "--file", str(self.file))

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json").stdout)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    file = tmp_path / "tokenvend.yaml"
    file.write_text(FILE, encoding="utf-8")
    with mock_aws():
        _table("registry", "pk", "sk")
        _table("tokens", "pk")
        monkeypatch.setattr("tokenvend_cli.deployment.stack.Deployment.outputs", OUTPUTS)
        monkeypatch.setattr("tokenvend_cli.deployment.aliases.Aliases._versions", lambda _: {})
        yield Command(file)


def _registry() -> dict[tuple[str, str], Any]:
    items = boto3.client("dynamodb").scan(TableName="registry")["Items"]
    return {(item["pk"]["S"], item["sk"]["S"]): item["document"]["S"] for item in items}


def test_apply_twice_changes_nothing_the_second_time(command: Command) -> None:
    first, second = command.apply(), command.apply()

    assert "+ credential jobs" in first.stdout
    assert "Nothing to change." in second.stdout
    assert ("client:shop-web", "jobs") in _registry()


def test_plan_says_by_its_exit_code_whether_there_is_anything_to_apply(command: Command) -> None:
    plan = ("plan", "--detailed-exit-code", "--file", str(command.file))

    before = command.run(*plan).exit_code
    command.apply()

    assert (before, command.run(*plan).exit_code) == (3, 0)


def test_what_the_file_no_longer_says_is_removed(command: Command) -> None:
    command.apply()
    command.file.write_text("version: 1", encoding="utf-8")

    command.apply()

    assert set(_registry()) == {("meta", "apply")}


def test_wrong_file_changes_nothing_and_says_where(command: Command) -> None:
    command.file.write_text(FILE.replace("caller: shop", "caller: nobody"), encoding="utf-8")

    result = command.apply()

    assert result.exit_code == 2
    assert "grants[0].caller: there is no caller nobody" in result.stderr
    assert _registry() == {}


def test_concurrent_apply_is_refused(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from tokenvend_cli.deployment.registry_table import RegistryTable

    command.apply()
    command.file.write_text(FILE.replace("[read]", "[read, write]"), encoding="utf-8")
    take_turn = RegistryTable._take_turn

    def late(self: RegistryTable, deployed: Any) -> None:
        take_turn(self, deployed)
        take_turn(self, deployed)

    monkeypatch.setattr(RegistryTable, "_take_turn", late)

    result = command.apply()

    assert result.exit_code == 1
    assert "plan again" in result.stderr


def test_secret_comes_from_standard_input_and_records_its_host(command: Command) -> None:
    command.apply()
    value = '{"client_id": "us", "client_secret": "hunter2-hunter2"}'

    result = command.run("secret", "put", "jobs", stdin=value)
    status = command.json("secret", "status", "jobs")

    assert result.exit_code == 0
    assert "hunter2" not in result.output
    assert (status["host"], status["host_matches"]) == ("login.acme.example", True)
    manager = boto3.client("secretsmanager")
    stored = manager.get_secret_value(SecretId="tokenvend/tokenvend/jobs")["SecretString"]
    assert json.loads(stored) == json.loads(value)


def test_changed_secret_has_a_new_epoch(command: Command) -> None:
    command.apply()
    epochs = []
    for secret in ("one", "two"):
        command.run(
            "secret", "put", "jobs", stdin=json.dumps({"client_id": "us", "client_secret": secret})
        )
        items = boto3.client("dynamodb").scan(TableName="tokens")["Items"]
        epochs.append(items[0]["epoch"]["S"])

    assert len(items) == 1
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize("stdin", ["", "hunter2", '{"client_id": "us"}', "[]"])
def test_malformed_secret_is_refused_and_not_echoed(command: Command, stdin: str) -> None:
    command.apply()

    result = command.run("secret", "put", "jobs", stdin=stdin)

    assert result.exit_code == 1
    assert "standard input must be a JSON object" in result.stderr
    assert "hunter2" not in result.output


def test_secret_of_an_unknown_credential_is_refused(command: Command) -> None:
    result = command.run("secret", "put", "nothing", stdin="{}")

    assert result.exit_code == 1
    assert "no credential nothing is deployed" in result.stderr


def test_third_client_secret_ends_the_first(command: Command) -> None:
    command.apply()

    issued = [command.json("caller", "new-secret", "shop") for _ in range(3)]

    document = json.loads(_registry()["client:shop-web", "!secret"])
    from tokenvend.domain.secret import Secret

    assert [each["sha256"] for each in document["secrets"]] == [
        Secret(each["client_secret"]).sha256 for each in issued[1:]
    ]
    assert all(each["client_secret"].startswith("tv_") for each in issued)
    assert issued[0]["client_id"] == "shop-web"


def test_block_survives_apply_until_it_is_lifted(command: Command) -> None:
    command.apply()
    command.run("block", "caller", "shop", "--reason", "INC-42")
    command.file.write_text(
        FILE.replace("{client: shop-web}", "{client: shop-web}, {client: shop-app}"),
        encoding="utf-8",
    )

    command.apply()
    blocked = {key[0] for key in _registry() if key[1] == "!blocked"}
    command.run("unblock", "caller", "shop")

    assert {"client:shop-web", "client:shop-app"} <= blocked
    assert not [key for key in _registry() if key[1] == "!blocked"]


def test_explain_names_the_rule_and_fails_when_refused(command: Command) -> None:
    command.apply()
    asked = ["explain", "--caller", "shop", "--credential", "jobs", "--file", str(command.file)]

    granted = command.run(*asked, "--scope", "read")
    refused = command.run(*asked, "--scope", "admin", "--deployed")

    assert (granted.exit_code, refused.exit_code) == (0, 1)
    assert "scope: read" in granted.stdout
    assert "rule: grant.scopes" in refused.stdout


@pytest.mark.parametrize(
    "words",
    [["--help"], ["plan", "--help"], ["apply", "--help"], ["secret", "put", "--help"]],
    ids=" ".join,
)
def test_help_is_there_with_an_example(command: Command, words: list[str]) -> None:
    shown = command.run(*words).stdout

    assert "Usage" in shown
    assert len(words) == 1 or "Example: tokenvend" in shown
