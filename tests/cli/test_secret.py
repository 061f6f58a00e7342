"""`secret put` and `secret status`."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer.main
from botocore.exceptions import ClientError
from tests.adapters.servers import self_signed
from tests.cli import aws
from tests.cli.conftest import Refuse, Tokenvend

from tokenvend.adapters.dynamodb.credential_items import failure_value, observed_value
from tokenvend.adapters.secrets_manager import SecretsManagerStore
from tokenvend.domain.credential_state import ObservedExchange
from tokenvend.domain.failure import Failure
from tokenvend.domain.registry import CredentialDefinition
from tokenvend.domain.token import LifetimeSource, SecretStage
from tokenvend_cli.main import app

type SecretGenerations = Callable[[], dict[str, str]]

HOST = "login.acme.example"
SECRET = "hunter2-hunter2"
VALUE = {"client_id": "us", "client_secret": SECRET}


def _put(tokenvend: Tokenvend, name: str = "jobs", *words: str, **value: str) -> Any:
    return tokenvend("secret", "put", name, *words, stdin=json.dumps(VALUE | value))


def _stored(name: str) -> dict[str, str]:
    text = aws.client("secretsmanager").get_secret_value(SecretId=f"tokenvend/tokenvend/{name}")
    document: dict[str, str] = json.loads(text["SecretString"])
    return document


def _tags(name: str) -> dict[str, str]:
    described = aws.client("secretsmanager").describe_secret(SecretId=f"tokenvend/tokenvend/{name}")
    return {tag["Key"]: tag["Value"] for tag in described["Tags"]}


def _move_provider(tokenvend: Tokenvend, host: str) -> None:
    endpoint = {"token_endpoint": f"https://{host}/token"}
    tokenvend.write(lambda document: document["providers"].update(acme=endpoint))
    tokenvend.apply()


def test_secret_comes_from_standard_input_and_is_not_echoed(tokenvend: Tokenvend) -> None:
    tokenvend.apply()

    result = _put(tokenvend)

    assert result.exit_code == 0
    assert f"It is sent to {HOST} only." in result.stdout
    assert SECRET not in result.output
    assert _stored("jobs") == VALUE


def test_a_new_secret_is_encrypted_with_the_companys_key(tokenvend: Tokenvend) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    tokenvend.stack.outputs["SecretKeyArn"] = key
    tokenvend.apply()

    _put(tokenvend)

    described = aws.client("secretsmanager").describe_secret(SecretId="tokenvend/tokenvend/jobs")
    assert described["KmsKeyId"] == key


def test_vending_finds_what_was_put(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _put(tokenvend, "partner/Acme_1")
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
    assert _stored("jobs") == VALUE


def _describe(tokenvend: Tokenvend) -> None:
    described = {"parameters": {"account_id": "{secret.account_id}"}}
    tokenvend.write(lambda document: document["providers"]["acme"].update(token_request=described))
    tokenvend.apply()


def test_fields_that_the_token_request_names_are_put_too(tokenvend: Tokenvend) -> None:
    _describe(tokenvend)

    result = _put(tokenvend, account_id="A-1")

    assert result.exit_code == 0
    assert _stored("jobs") == VALUE | {"account_id": "A-1"}


def test_field_that_the_token_request_names_is_needed(tokenvend: Tokenvend) -> None:
    _describe(tokenvend)

    result = _put(tokenvend)

    assert result.exit_code != 0
    assert "account_id must be a text, and is needed" in result.stderr


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
    assert _stored("jobs") == value


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
    assert _stored("jobs") == {"client_secret": SECRET}


def test_no_argument_or_option_takes_a_secret() -> None:
    group: Any = typer.main.get_command(app)

    parameters = {each.name for each in group.commands["secret"].commands["put"].params}

    assert parameters == {"name", "new_host", "as_json"}


@pytest.mark.parametrize(
    ("stdin", "told"),
    [
        pytest.param("", "must be a JSON object with client_id and client_secret", id="nothing"),
        pytest.param(SECRET, "must be a JSON object", id="no JSON"),
        pytest.param(f'["{SECRET}"]', "must be a JSON object", id="a list"),
        pytest.param("[" * 10_000, "must be a JSON object", id="nested too deeply"),
        pytest.param(
            json.dumps(VALUE | {"password": SECRET}), "must be a JSON object", id="another key"
        ),
        pytest.param('{"client_id": "us"}', "client_secret must be a text", id="no secret"),
        pytest.param(
            f'{{"client_secret": "{SECRET}"}}', "client_id must be a text", id="no client id"
        ),
        pytest.param(json.dumps(VALUE | {"client_secret": ""}), "is needed", id="empty"),
        pytest.param(json.dumps(VALUE | {"client_secret": 7}), "must be a text", id="a number"),
        pytest.param(
            json.dumps(VALUE | {"client_secret": f"{SECRET}\n"}),
            "client_secret has white space around it",
            id="copied with its line end",
        ),
    ],
)
def test_malformed_secret_is_refused_and_not_echoed(
    tokenvend: Tokenvend, secret_generations: SecretGenerations, stdin: str, told: str
) -> None:
    tokenvend.apply()

    result = tokenvend("secret", "put", "jobs", stdin=stdin)

    assert result.exit_code == 2
    assert told in result.stderr
    assert SECRET not in result.output
    assert secret_generations() == {}
    with pytest.raises(ClientError, match="ResourceNotFound"):
        _stored("jobs")


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        pytest.param("jbos", 1, "no credential jbos is deployed", id="unknown credential"),
        pytest.param("jobs/acme", 2, "jobs is no family: leave /acme out", id="tenant of none"),
        pytest.param("JOBS", 2, "name a credential, or CREDENTIAL/TENANT", id="no name"),
        pytest.param("partner/", 2, "name a credential, or CREDENTIAL/TENANT", id="empty tenant"),
        pytest.param("partner/a/b", 2, "CREDENTIAL/TENANT", id="tenant with a slash"),
    ],
)
def test_name_that_no_secret_can_have_is_refused(
    tokenvend: Tokenvend, name: str, code: int, told: str
) -> None:
    tokenvend.apply()

    put, status = _put(tokenvend, name), tokenvend("secret", "status", name)

    assert (put.exit_code, status.exit_code) == (code, code)
    assert told in put.stderr
    assert told in status.stderr


def test_secret_of_a_family_is_put_for_a_tenant(tokenvend: Tokenvend) -> None:
    tokenvend.apply()

    put = _put(tokenvend, "partner")

    assert put.exit_code == 2
    assert "partner is a family: name partner/TENANT" in put.stderr


def test_secret_that_stands_elsewhere_is_not_put(tokenvend: Tokenvend) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:ours-AbCdEf"
    tokenvend.write(lambda document: document["credentials"]["jobs"].update(secret={"arn": arn}))
    tokenvend.apply()

    result = _put(tokenvend)

    assert result.exit_code == 1
    assert f"change it where it is ({arn})" in result.stderr


def test_host_is_recorded_with_the_secret(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _put(tokenvend)

    assert _tags("jobs") == {"tokenvend:deployment": "tokenvend", "tokenvend:host": HOST}


def test_changed_file_does_not_redirect_a_secret(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _put(tokenvend)
    _move_provider(tokenvend, "evil.example")

    refused = _put(tokenvend, client_secret="newer")
    status = tokenvend.json("secret", "status", "jobs")[0]

    assert refused.exit_code == 1
    assert f"may be sent to {HOST} so far" in refused.stderr
    assert "--new-host evil.example" in refused.stderr
    assert (status["ready"], status["host"], status["wanted_host"]) == (False, HOST, "evil.example")
    assert (_stored("jobs"), _tags("jobs")["tokenvend:host"]) == (VALUE, HOST)


def test_new_host_is_agreed_on_by_its_name(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _put(tokenvend)
    _move_provider(tokenvend, "eu.acme.example")

    another = _put(tokenvend, "jobs", "--new-host", "us.acme.example", client_secret="newer")
    agreed = _put(tokenvend, "jobs", "--new-host", "eu.acme.example", client_secret="newer")

    assert another.exit_code == 2
    assert "sends jobs to eu.acme.example, not to us.acme.example" in another.stderr
    assert agreed.exit_code == 0, agreed.output
    assert _tags("jobs")["tokenvend:host"] == "eu.acme.example"
    assert _stored("jobs")["client_secret"] == "newer"


def test_neither_value_meets_the_others_host_while_the_host_changes(
    tokenvend: Tokenvend, refuse: Refuse
) -> None:
    tokenvend.apply()
    _put(tokenvend)
    _move_provider(tokenvend, "eu.acme.example")
    refuse("PutSecretValue")

    result = _put(tokenvend, "jobs", "--new-host", "eu.acme.example", client_secret="newer")

    assert result.exit_code == 1
    assert (_stored("jobs"), _tags("jobs")["tokenvend:host"]) == (VALUE, "nowhere")


def test_file_that_changes_while_somebody_types_does_not_move_the_secret(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenvend.apply()

    def slow(*_: object) -> dict[str, str]:
        _move_provider(tokenvend, "evil.example")
        return VALUE

    monkeypatch.setattr("tokenvend_cli.commands.secret.read_secret_value", slow)

    result = tokenvend("secret", "put", "jobs")

    assert f"sent to {HOST} only" in result.stdout
    assert _tags("jobs")["tokenvend:host"] == HOST


def test_each_change_has_an_secret_generation_of_its_own(
    tokenvend: Tokenvend, secret_generations: SecretGenerations
) -> None:
    tokenvend.apply()

    seen = []
    for name in ("jobs", "jobs", "partner/acme", "partner/globex"):
        _put(tokenvend, name)
        seen.append(dict(secret_generations()))

    assert [sorted(each) for each in seen[1:]] == [
        ["epoch#jobs"],
        ["epoch#jobs", "epoch#partner/acme"],
        ["epoch#jobs", "epoch#partner/acme", "epoch#partner/globex"],
    ]
    assert seen[0]["epoch#jobs"] != seen[1]["epoch#jobs"]
    assert seen[1]["epoch#jobs"] == seen[3]["epoch#jobs"]
    assert (
        tokenvend.json("secret", "status", "jobs")[0]["secret_generation"] == seen[3]["epoch#jobs"]
    )


def test_status_lists_what_there_is_and_what_is_missing(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _put(tokenvend, "partner/acme")
    _put(tokenvend, "partner/globex")

    result = tokenvend("secret", "status")
    rows = tokenvend.json("secret", "status")

    assert result.exit_code == 1
    assert [(row["name"], row["ready"]) for row in rows] == [
        ("jobs", False),
        ("partner/acme", True),
        ("partner/globex", True),
    ]
    assert "jobs has no secret: write it with `tokenvend secret put jobs`" in result.stderr
    assert HOST in result.stdout


def test_status_is_zero_when_every_secret_is_ready(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _put(tokenvend)

    result = tokenvend("secret", "status")

    assert (result.exit_code, result.stderr) == (0, "")


def _vending_noted(name: str, **noted: Any) -> None:
    """What the functions write beside the epoch."""
    aws.client("dynamodb").update_item(
        TableName="tokens",
        Key={"pk": {"S": f"epoch#{name}"}},
        UpdateExpression="SET " + ", ".join(f"{key} = :{key}" for key in noted),
        ExpressionAttributeValues={f":{key}": value for key, value in noted.items()},
    )


def test_status_tells_a_credential_that_its_provider_refuses_until_it_is_put_again(
    tokenvend: Tokenvend,
) -> None:
    tokenvend.apply()
    _put(tokenvend)
    retry_at = datetime(2099, 3, 1, 12, 30, tzinfo=UTC)
    failure = Failure(provider_error="invalid_client", count=3, retry_at=retry_at)
    _vending_noted("jobs", failure=failure_value(failure))

    refused = tokenvend("secret", "status", "jobs")
    row = tokenvend.json("secret", "status", "jobs")[0]
    _put(tokenvend)
    after = tokenvend("secret", "status", "jobs")

    assert (refused.exit_code, after.exit_code) == (1, 0)
    assert "jobs was refused 3 times (invalid_client)" in refused.stderr
    assert "tried again at 2099-03-01 12:30 UTC" in refused.stderr
    assert (row["refused"], row["refused_times"]) == ("invalid_client", 3)


@pytest.mark.parametrize("reader", ["renewal", "keep_alive"])
def test_status_tells_of_a_schedule_that_cannot_use_the_secret(
    tokenvend: Tokenvend, reader: str
) -> None:
    tokenvend.apply()
    _put(tokenvend)
    _vending_noted("jobs", **{f"not_ready_{reader}": {"BOOL": True}})

    result = tokenvend("secret", "status", "jobs")
    row = tokenvend.json("secret", "status", "jobs")[0]

    assert result.exit_code == 1
    assert f"jobs could not be used by the schedule ({reader})" in result.stderr
    assert row["not_ready_for"] == [reader]


def test_status_tells_how_long_tokens_live_and_which_version_works(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _put(tokenvend)
    observed = ObservedExchange(
        lifetime_seconds=1799,
        lifetime_source=LifetimeSource.EXPIRES_IN,
        secret_stage=SecretStage.PENDING,
    )
    _vending_noted("jobs", observed=observed_value(observed))

    result = tokenvend("secret", "status", "jobs")

    assert result.exit_code == 0
    assert "1799 s" in result.stdout
    assert HOST in result.stdout
    assert "works with its AWSPENDING version only" in result.stderr


def test_status_tells_a_secret_that_somebody_else_made(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    aws.client("secretsmanager").create_secret(
        Name="tokenvend/tokenvend/jobs", SecretString=json.dumps(VALUE)
    )

    before = tokenvend("secret", "status", "jobs")
    _put(tokenvend)
    after = tokenvend("secret", "status", "jobs")

    assert (before.exit_code, after.exit_code) == (1, 0)
    assert "jobs lacks this deployment's tag" in before.stderr


def test_secret_of_another_deployment_is_not_ready(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _put(tokenvend)
    theirs = [{"Key": "tokenvend:deployment", "Value": "another"}]
    aws.client("secretsmanager").tag_resource(SecretId="tokenvend/tokenvend/jobs", Tags=theirs)

    status = tokenvend("secret", "status", "jobs")

    assert status.exit_code == 1
    assert "jobs lacks this deployment's tag" in status.stderr


def test_secret_that_is_being_deleted_counts_as_missing(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _put(tokenvend)
    aws.client("secretsmanager").delete_secret(SecretId="tokenvend/tokenvend/jobs")

    row = tokenvend.json("secret", "status", "jobs")[0]

    assert (row["exists"], row["ready"]) == (False, False)


@pytest.mark.parametrize(
    ("operation", "words", "told"),
    [
        ("DescribeSecret", ("put", "jobs"), "AWS refused DescribeSecret: not allowed"),
        ("CreateSecret", ("put", "jobs"), "AWS refused CreateSecret: not allowed"),
        ("PutItem", ("put", "jobs"), "is written, but the functions could not be told (Access"),
        ("ListSecrets", ("status",), "AWS refused ListSecrets: not allowed"),
    ],
)
def test_refusal_of_aws_is_told_without_the_secret(
    tokenvend: Tokenvend,
    refuse: Refuse,
    operation: str,
    words: tuple[str, ...],
    told: str,
) -> None:
    tokenvend.apply()
    refuse(operation)

    result = tokenvend("secret", *words, stdin=json.dumps(VALUE))

    assert result.exit_code == 1
    assert told in result.stderr
    assert SECRET not in result.output
