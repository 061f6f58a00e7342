"""`secret put` writes what vending finds, and shows nothing of it."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer.main
from tests.adapters.servers import self_signed
from tests.cli import aws
from tests.cli.conftest import Tokenvend
from tests.cli.putting import HOST, SECRET, VALUE, put_secret, stored_secret

from tokenvend.adapters.secrets_manager import SecretsManagerStore
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend_cli.main import app


def test_secret_comes_from_standard_input_and_is_not_echoed(tokenvend: Tokenvend) -> None:
    tokenvend.apply()

    result = put_secret(tokenvend)

    assert result.exit_code == 0
    assert f"It is sent to {HOST} only." in result.stdout
    assert SECRET not in result.output
    assert stored_secret("jobs") == VALUE


def test_a_new_secret_is_encrypted_with_the_companys_key(tokenvend: Tokenvend) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    tokenvend.stack.outputs["SecretKeyArn"] = key
    tokenvend.apply()

    put_secret(tokenvend)

    described = aws.client("secretsmanager").describe_secret(SecretId="tokenvend/tokenvend/jobs")
    assert described["KmsKeyId"] == key


def test_vending_finds_what_was_put(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    put_secret(tokenvend, "partner/Acme_1")
    store = SecretsManagerStore(
        aws.client("secretsmanager"), prefix="tokenvend/tokenvend/", deployment="tokenvend"
    )
    family = CredentialDefinition(
        name="partner", provider="acme", token_endpoint=f"https://{HOST}/token", family=True
    )

    found = store.read(family, "Acme_1")

    assert (found.client_id, found.client_secret.reveal()) == ("us", SECRET)
    assert found.allowed_host == HOST


def test_person_is_asked_and_the_secret_is_not_shown(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenvend.apply()
    monkeypatch.setattr("tokenvend_cli.commands.secret_value.is_terminal", lambda: True)

    result = tokenvend("secret", "put", "jobs", "--json", stdin=f"us\n{SECRET}\n")

    assert f"it is sent to {HOST} only" in result.stderr
    assert result.stderr.count("client_secret") == 1
    assert SECRET not in result.output
    # What is typed is shown here by the test's own terminal.
    assert json.loads(result.stdout[result.stdout.index("{") :]) == {"name": "jobs", "host": HOST}
    assert stored_secret("jobs") == VALUE


def _describe(tokenvend: Tokenvend) -> None:
    described = {"parameters": {"account_id": "{secret.account_id}"}}
    tokenvend.write(lambda document: document["providers"]["acme"].update(token_request=described))
    tokenvend.apply()


def test_fields_that_the_token_request_names_are_put_too(tokenvend: Tokenvend) -> None:
    _describe(tokenvend)

    result = put_secret(tokenvend, account_id="A-1")

    assert result.exit_code == 0
    assert stored_secret("jobs") == VALUE | {"account_id": "A-1"}


def test_field_that_the_token_request_names_is_needed(tokenvend: Tokenvend) -> None:
    _describe(tokenvend)

    result = put_secret(tokenvend)

    assert result.exit_code != 0
    assert "account_id is missing, or is not a string" in result.stderr


def _by_tls(tokenvend: Tokenvend) -> None:
    tokenvend.write(
        lambda document: document["providers"]["acme"].update(
            client_authentication="tls_client_auth"
        )
    )
    tokenvend.apply()


def _pair(folder: Path) -> dict[str, str]:
    _, certificate = self_signed(folder)
    key = (folder / "key.pem").read_text()
    return {"client_id": "us", "certificate": certificate.read_text(), "private_key": key}


def test_certificate_is_put_with_its_key_and_told_apart_from_others(
    tokenvend: Tokenvend, tmp_path: Path
) -> None:
    _by_tls(tokenvend)
    value = _pair(tmp_path)

    result = tokenvend("secret", "put", "jobs", "--json", stdin=json.dumps(value))

    shown = json.loads(result.stdout)
    assert len(shown["certificate"]["sha256"]) == 64
    assert shown["certificate"]["subject"] == "CN=a test"
    assert "PRIVATE KEY" not in result.output
    assert stored_secret("jobs") == value


def test_certificate_of_another_key_is_not_put(tokenvend: Tokenvend, tmp_path: Path) -> None:
    _by_tls(tokenvend)
    value = _pair(tmp_path)
    other = _pair(tmp_path)["private_key"]

    result = tokenvend("secret", "put", "jobs", stdin=json.dumps(value | {"private_key": other}))

    assert result.exit_code != 0
    assert "no pair of PEM texts" in result.stderr
    assert "PRIVATE KEY" not in result.output


def test_client_id_that_stands_in_the_file_is_not_asked_for(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenvend.write(lambda document: document["credentials"]["jobs"].update(client_id="us"))
    tokenvend.apply()
    monkeypatch.setattr("tokenvend_cli.commands.secret_value.is_terminal", lambda: True)

    result = tokenvend("secret", "put", "jobs", stdin=f"{SECRET}\n")

    assert result.exit_code == 0, result.output
    assert stored_secret("jobs") == {"client_secret": SECRET}


def test_no_argument_or_option_takes_a_secret() -> None:
    group: Any = typer.main.get_command(app)

    parameters = {each.name for each in group.commands["secret"].commands["put"].params}

    assert parameters == {"name", "new_host", "as_json"}


def test_secret_of_a_family_is_put_for_a_tenant(tokenvend: Tokenvend) -> None:
    tokenvend.apply()

    put = put_secret(tokenvend, "partner")

    assert put.exit_code == 2
    assert "for each tenant: give partner/TENANT" in put.stderr
