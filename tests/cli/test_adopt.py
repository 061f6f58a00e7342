"""`secret adopt`: a secret that the user keeps already."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.cli import aws
from tests.cli.conftest import Refuse, Tokenvend

from tokenvend.adapters.secrets_manager import SecretsManagerStore
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.secret_reference import SecretReference

HOST = "login.acme.example"
NEEDED = {
    "tokenvend:deployment": "tokenvend",
    "tokenvend:host": HOST,
    "tokenvend:credential": "jobs",
}
ANOTHER_ACCOUNT = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:ours-AbCdEf"
ANOTHER_REGION = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ours-AbCdEf"
MISSING = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:missing-AbCdEf"


@pytest.fixture
def arn(tokenvend: Tokenvend) -> str:
    """A secret of the user's own, under keys of his own; the deployed file does not name it."""
    tokenvend.apply()
    made = aws.client("secretsmanager").create_secret(
        Name="ours", SecretString=json.dumps({"id": "us", "key": "hunter2"})
    )
    return str(made["ARN"])


def _name_it(tokenvend: Tokenvend, arn: str) -> None:
    reference = {"arn": arn, "client_id_key": "id", "client_secret_key": "key"}
    tokenvend.write(lambda document: document["credentials"]["jobs"].update(secret=reference))
    tokenvend.apply()


def _tags(arn: str) -> dict[str, str]:
    described = aws.client("secretsmanager").describe_secret(SecretId=arn)
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}


def test_what_is_missing_is_shown_and_nothing_is_changed(tokenvend: Tokenvend, arn: str) -> None:
    result = tokenvend("secret", "adopt", "jobs", "--arn", arn)

    assert result.exit_code == 1
    assert "set tokenvend:deployment = tokenvend" in result.stdout
    assert f"set tokenvend:host = {HOST}" in result.stdout
    assert f"add `secret: {{arn: {arn}}}` to credentials.jobs" in result.stderr
    assert f"tokenvend secret adopt jobs --arn {arn} --tag" in result.stderr
    assert _tags(arn) == {}


def test_tags_are_set_when_told(
    tokenvend: Tokenvend, arn: str, secret_generations: Callable[[], dict[str, str]]
) -> None:
    not_named = tokenvend("secret", "adopt", "jobs", "--arn", arn, "--tag")
    _name_it(tokenvend, arn)
    named = tokenvend("secret", "adopt", "jobs")

    assert (not_named.exit_code, named.exit_code) == (1, 0)
    assert _tags(arn) == NEEDED | {"tokenvend:credential": "jobs"}
    assert f"ok  tokenvend:host = {HOST}" in named.stdout
    assert named.stderr == ""
    assert secret_generations().keys() == {"epoch#jobs"}


def test_secret_may_be_adopted_for_several_credentials(tokenvend: Tokenvend, arn: str) -> None:
    more = {"provider": "acme", "scopes": ["read"]}
    tokenvend.write(lambda document: document["credentials"].update(orders=more))
    tokenvend.apply()

    tokenvend("secret", "adopt", "jobs", "--arn", arn, "--tag")
    tokenvend("secret", "adopt", "orders", "--arn", arn, "--tag")

    assert _tags(arn)["tokenvend:credential"] == "jobs orders"
    tags = tokenvend.json("secret", "adopt", "jobs", "--arn", arn)["tags"]
    assert all(each["needed"] == each["found"] for each in tags.values())


def test_vending_reads_what_was_adopted(tokenvend: Tokenvend, arn: str) -> None:
    _name_it(tokenvend, arn)
    tokenvend("secret", "adopt", "jobs", "--tag")
    store = SecretsManagerStore(
        aws.client("secretsmanager"), prefix="tokenvend/tokenvend/", deployment="tokenvend"
    )
    definition = CredentialDefinition(
        name="jobs",
        provider="acme",
        token_endpoint=f"https://{HOST}/token",
        secret=SecretReference(arn=arn, client_id_key="id", client_secret_key="key"),
    )

    assert store.read(definition, None).allowed_host == HOST
    assert tokenvend.json("secret", "status", "jobs")[0]["ready"]


READERS = ("iam", "oauth2", "direct", "renew", "keep-alive")


def _roles(*names: str) -> list[str]:
    return [f"arn:aws:iam::123456789012:role/{name}" for name in names]


def test_key_policy_admits_every_reader_of_this_secret_and_of_no_other(
    tokenvend: Tokenvend, arn: str
) -> None:
    statement = tokenvend.json("secret", "adopt", "jobs", "--arn", arn)["key_policy_statement"]

    assert statement["Principal"]["AWS"] == _roles(*READERS)
    assert (statement["Effect"], statement["Action"]) == ("Allow", "kms:Decrypt")
    assert statement["Condition"]["StringEquals"] == {
        "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com",
        "kms:EncryptionContext:SecretARN": arn,
    }


def test_key_policy_admits_the_pages_where_users_consent(tokenvend: Tokenvend, arn: str) -> None:
    tokenvend.stack.outputs["ConnectPagesFunctionName"] = "pages"

    statement = tokenvend.json("secret", "adopt", "jobs", "--arn", arn)["key_policy_statement"]

    assert statement["Principal"]["AWS"] == _roles(*READERS, "pages")


def test_key_policy_admits_operators_that_are_named(tokenvend: Tokenvend, arn: str) -> None:
    (operator,) = _roles("teams/operators")

    named = ("secret", "adopt", "jobs", "--arn", arn, "--operator", operator)

    statement = tokenvend.json(*named)["key_policy_statement"]
    assert statement["Principal"]["AWS"] == [*_roles(*READERS), operator]


@pytest.mark.parametrize("operator", ["*", "operators", "arn:aws:iam::123456789012:role/*"])
def test_operator_that_is_not_one_role_is_refused(
    tokenvend: Tokenvend, arn: str, operator: str
) -> None:
    result = tokenvend("secret", "adopt", "jobs", "--arn", arn, "--operator", operator)

    assert result.exit_code == 2
    assert "is not the whole ARN of an IAM role or user" in result.stderr


def test_arn_without_its_suffix_gives_a_statement_for_the_whole_one(
    tokenvend: Tokenvend, arn: str
) -> None:
    partial = arn[: -len("-AbCdEf")]
    _name_it(tokenvend, partial)

    found = tokenvend.json("secret", "adopt", "jobs", "--tag")

    condition = found["key_policy_statement"]["Condition"]["StringEquals"]
    assert condition["kms:EncryptionContext:SecretARN"] == arn
    assert found["ready"]


def test_customer_key_of_the_secret_is_named(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    made = aws.client("secretsmanager").create_secret(
        Name="theirs", SecretString="{}", KmsKeyId=key
    )

    shown = tokenvend("secret", "adopt", "jobs", "--arn", made["ARN"]).stdout

    assert f"Your key {key}" in shown


def test_json_says_what_is_needed_and_found(tokenvend: Tokenvend, arn: str) -> None:
    _name_it(tokenvend, arn)
    theirs = {"Key": "tokenvend:deployment", "Value": "another"}
    aws.client("secretsmanager").tag_resource(SecretId=arn, Tags=[theirs])

    found = tokenvend.json("secret", "adopt", "jobs")

    assert (found["credential"], found["arn"]) == ("jobs", arn)
    assert (found["ready"], found["deployed"]) == (False, True)
    assert found["tags"] == {
        "tokenvend:deployment": {"needed": "tokenvend", "found": "another"},
        "tokenvend:host": {"needed": HOST, "found": None},
        "tokenvend:credential": {"needed": "jobs", "found": None},
    }


def test_tagging_does_not_redirect_a_secret_unasked(tokenvend: Tokenvend, arn: str) -> None:
    tokenvend("secret", "adopt", "jobs", "--arn", arn, "--tag")
    moved = {"token_endpoint": "https://evil.example/token"}
    tokenvend.write(lambda document: document["providers"].update(acme=moved))
    tokenvend.apply()
    adopt = ("secret", "adopt", "jobs", "--arn", arn, "--tag")

    refused = tokenvend(*adopt)
    host_before = _tags(arn)["tokenvend:host"]
    tokenvend(*adopt, "--new-host", "evil.example")

    assert refused.exit_code == 1
    assert f"jobs is stored for {HOST}" in refused.stderr
    assert (host_before, _tags(arn)["tokenvend:host"]) == (HOST, "evil.example")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        pytest.param(("jobs",), 2, "the deployed file names no secret for jobs", id="no ARN"),
        pytest.param(("partner",), 2, "partner is a family", id="family"),
        pytest.param(("partner/acme",), 2, "cannot use your own secrets", id="tenant"),
        pytest.param(("jbos",), 1, "no credential jbos in the deployment", id="unknown credential"),
        pytest.param(("jobs", "--arn", "ours"), 2, "give its ARN", id="a name"),
        pytest.param(
            ("jobs", "--arn", ANOTHER_ACCOUNT), 2, "in account 123456789012", id="another account"
        ),
        pytest.param(
            ("jobs", "--arn", ANOTHER_REGION), 2, "Region eu-central-1", id="another region"
        ),
        pytest.param(
            ("jobs", "--arn", MISSING), 1, "there is no secret with the ARN arn:", id="missing"
        ),
    ],
)
def test_secret_that_cannot_be_used_is_refused(
    tokenvend: Tokenvend, words: tuple[str, ...], code: int, told: str
) -> None:
    tokenvend.apply()

    result = tokenvend("secret", "adopt", *words)

    assert (result.exit_code, result.stdout) == (code, "")
    assert told in result.stderr


def test_refusal_of_aws_is_told(tokenvend: Tokenvend, arn: str, refuse: Refuse) -> None:
    refuse("TagResource")

    result: Any = tokenvend("secret", "adopt", "jobs", "--arn", arn, "--tag")

    assert result.exit_code == 1
    assert "AWS refused TagResource: not allowed" in result.stderr
