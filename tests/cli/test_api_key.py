"""`secret` and `explain` for an API key."""

import json
from typing import Any

import boto3
import pytest
from tests.cli.conftest import Tokenvend

ROLE = "arn:aws:iam::123456789012:role/clerk"
KEY = "k" * 32


def _add_key(document: dict[str, Any]) -> None:
    document["providers"]["acme"]["api_key"] = {"header_name": "X-Key"}
    document["credentials"]["key"] = {"provider": "acme", "kind": "api_key"}
    document["callers"]["clerk"] = {"identities": [{"iam": ROLE}, {"client": "clerk-web"}]}
    document["grants"].append({"caller": "clerk", "credential": "key", "full_access": True})


@pytest.fixture
def applied(tokenvend: Tokenvend) -> Tokenvend:
    tokenvend.write(_add_key)
    tokenvend.apply()
    return tokenvend


def _tags(name: str) -> dict[str, str]:
    described = boto3.client("secretsmanager").describe_secret(SecretId=name)
    return {tag["Key"]: tag["Value"] for tag in described["Tags"]}


def test_key_is_written_to_be_handed_to_callers(applied: Tokenvend) -> None:
    told = applied("secret", "put", "key", stdin=json.dumps({"api_key": KEY}))

    assert told.exit_code == 0
    assert "given to granted callers" in told.stdout
    assert KEY not in told.output
    value = boto3.client("secretsmanager").get_secret_value(SecretId="tokenvend/tokenvend/key")
    assert json.loads(value["SecretString"]) == {"api_key": KEY}
    assert _tags("tokenvend/tokenvend/key")["tokenvend:host"] == "@callers"


@pytest.mark.parametrize(
    "secret", [{"client_secret": KEY}, {"api_key": KEY, "client_id": "us"}, {"api_key": ""}, {}]
)
def test_what_is_no_key_is_not_written(applied: Tokenvend, secret: dict[str, str]) -> None:
    told = applied("secret", "put", "key", stdin=json.dumps(secret))

    assert told.exit_code == 2
    assert KEY not in told.output


def test_clients_secret_does_not_become_a_key_by_a_routine_rotation(applied: Tokenvend) -> None:
    secret = json.dumps({"client_id": "us", "client_secret": "s"})
    assert applied("secret", "put", "jobs", stdin=secret).exit_code == 0

    def redefine(document: dict[str, Any]) -> None:
        _add_key(document)
        document["credentials"]["jobs"] = {"provider": "acme", "kind": "api_key"}
        document["grants"] = document["grants"][1:]

    applied.write(redefine)
    applied.apply()
    told = applied("secret", "put", "jobs", stdin=json.dumps({"api_key": KEY}))

    assert told.exit_code == 1
    assert "--new-host @callers" in told.stderr
    assert applied.json("secret", "status", "jobs")[0]["ready"] is False


def test_key_that_is_kept_elsewhere_is_adopted_to_be_handed_out(tokenvend: Tokenvend) -> None:
    arn = boto3.client("secretsmanager").create_secret(
        Name="theirs", SecretString=json.dumps({"token": KEY})
    )["ARN"]

    def adopt(document: dict[str, Any]) -> None:
        _add_key(document)
        document["credentials"]["key"]["secret"] = {"arn": arn, "api_key_key": "token"}

    tokenvend.write(adopt)
    tokenvend.apply()

    assert tokenvend("secret", "adopt", "key").exit_code == 1
    assert tokenvend("secret", "adopt", "key", "--tag").exit_code == 0
    assert _tags("theirs")["tokenvend:host"] == "@callers"


def test_explain_grants_the_signed_request_and_refuses_the_oauth_client(
    applied: Tokenvend,
) -> None:
    asked = ("explain", "--caller", "clerk", "--credential", "key", "--file", str(applied.file))
    verdicts = {each["identity"]: each for each in applied.json(*asked)}

    signed = verdicts["iam:123456789012:role/clerk"]
    client = verdicts["client:clerk-web"]
    assert (signed["decision"], signed["header"]) == ("granted", "X-Key: …")
    assert (client["decision"], client["rule"]) == ("refused", "credential.api_key_entry")
    assert "X-Key" in applied(*asked).stdout


def _sent_as(**described: Any) -> Any:
    def change(document: dict[str, Any]) -> None:
        _add_key(document)
        document["providers"]["acme"]["api_key"] = described

    return change


def test_each_field_of_a_credential_of_several_parts_is_written(tokenvend: Tokenvend) -> None:
    headers = {"X-Api-Key": "{secret.api_key}", "X-Account": "{secret.account}"}
    tokenvend.write(_sent_as(headers=headers))
    tokenvend.apply()

    lacking = tokenvend("secret", "put", "key", stdin=json.dumps({"api_key": KEY}))
    fields = {"api_key": KEY, "account": "A-1"}
    told = tokenvend("secret", "put", "key", stdin=json.dumps(fields))

    assert lacking.exit_code == 2
    assert "account is missing, or is not a string" in lacking.stderr
    assert told.exit_code == 0, told.output
    value = boto3.client("secretsmanager").get_secret_value(SecretId="tokenvend/tokenvend/key")
    assert json.loads(value["SecretString"]) == fields
    assert _tags("tokenvend/tokenvend/key")["tokenvend:host"] == "@callers"


@pytest.mark.parametrize(
    ("described", "headers", "query"),
    [
        pytest.param(
            {"headers": {"X-Key": "Key {secret.api_key}", "X-Account": "{secret.account}"}},
            "X-Account: {secret.account}, X-Key: Key {secret.api_key}",
            None,
            id="headers",
        ),
        pytest.param(
            {"query": {"key": "{secret.api_key}"}}, None, "key={secret.api_key}", id="query"
        ),
        pytest.param(
            {"basic": {}},
            "Authorization: Basic ({secret.username}:{secret.password})",
            None,
            id="HTTP Basic",
        ),
    ],
)
def test_explain_shows_where_each_part_goes_by_its_name(
    tokenvend: Tokenvend, described: dict[str, Any], headers: str | None, query: str | None
) -> None:
    tokenvend.write(_sent_as(**described))
    tokenvend.apply()

    asked = ("explain", "--caller", "clerk", "--credential", "key", "--file", str(tokenvend.file))
    verdicts = {each["identity"]: each for each in tokenvend.json(*asked)}

    signed = verdicts["iam:123456789012:role/clerk"]
    assert (signed["decision"], signed["headers"], signed["query"]) == ("granted", headers, query)


def test_plain_text_is_adopted_without_being_read(tokenvend: Tokenvend) -> None:
    arn = boto3.client("secretsmanager").create_secret(Name="theirs", SecretString=KEY)["ARN"]

    def adopt(document: dict[str, Any]) -> None:
        _add_key(document)
        document["credentials"]["key"]["secret"] = {"arn": arn, "plain_text": True}

    tokenvend.write(adopt)
    tokenvend.apply()

    told = tokenvend("secret", "adopt", "key", "--tag")

    assert told.exit_code == 0
    assert KEY not in told.output
