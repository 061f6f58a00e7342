"""`secret status`: which secrets are ready, and which are not."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.cli import aws
from tests.cli.conftest import Refuse, Tokenvend
from tests.cli.putting import HOST, SECRET, VALUE, put_secret

from tokenvend.adapters.dynamodb.credential_items import failure_value, observed_value
from tokenvend.domain.credential_state import ObservedExchange
from tokenvend.domain.failure import Failure
from tokenvend.domain.token import LifetimeSource, SecretStage


def test_status_lists_what_there_is_and_what_is_missing(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    put_secret(tokenvend, "partner/acme")
    put_secret(tokenvend, "partner/globex")

    result = tokenvend("secret", "status")
    rows = tokenvend.json("secret", "status")

    assert result.exit_code == 1
    assert [(row["name"], row["ready"]) for row in rows] == [
        ("jobs", False),
        ("partner/acme", True),
        ("partner/globex", True),
    ]
    assert "jobs has no secret: store it with `tokenvend secret put jobs`" in result.stderr
    assert HOST in result.stdout


def test_status_is_zero_when_every_secret_is_ready(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    put_secret(tokenvend)

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


@pytest.mark.parametrize(("count", "often"), [(1, "once"), (3, "3 times")])
def test_status_tells_a_credential_that_its_provider_refuses_until_it_is_put_again(
    tokenvend: Tokenvend, count: int, often: str
) -> None:
    tokenvend.apply()
    put_secret(tokenvend)
    retry_at = datetime(2099, 3, 1, 12, 30, tzinfo=UTC)
    failure = Failure(provider_error="invalid_client", count=count, retry_at=retry_at)
    _vending_noted("jobs", failure=failure_value(failure))

    refused = tokenvend("secret", "status", "jobs")
    row = tokenvend.json("secret", "status", "jobs")[0]
    put_secret(tokenvend)
    after = tokenvend("secret", "status", "jobs")

    assert (refused.exit_code, after.exit_code) == (1, 0)
    assert f"jobs was refused {often} (invalid_client)" in refused.stderr
    assert "tried again at 2099-03-01 12:30 UTC" in refused.stderr
    assert (row["refused"], row["refused_times"]) == ("invalid_client", count)


@pytest.mark.parametrize("reader", ["renewal", "keep_alive"])
def test_status_tells_of_a_schedule_that_cannot_use_the_secret(
    tokenvend: Tokenvend, reader: str
) -> None:
    tokenvend.apply()
    put_secret(tokenvend)
    _vending_noted("jobs", **{f"not_ready_{reader}": {"BOOL": True}})

    result = tokenvend("secret", "status", "jobs")
    row = tokenvend.json("secret", "status", "jobs")[0]

    assert result.exit_code == 1
    assert f"jobs could not be used by a scheduled run ({reader})" in result.stderr
    assert row["not_ready_for"] == [reader]


def test_status_tells_how_long_tokens_live_and_which_version_works(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    put_secret(tokenvend)
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
    assert "works with its version AWSPENDING only" in result.stderr


def test_status_tells_a_secret_that_somebody_else_made(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    aws.client("secretsmanager").create_secret(
        Name="tokenvend/tokenvend/jobs", SecretString=json.dumps(VALUE)
    )

    before = tokenvend("secret", "status", "jobs")
    put_secret(tokenvend)
    after = tokenvend("secret", "status", "jobs")

    assert (before.exit_code, after.exit_code) == (1, 0)
    assert "jobs lacks this deployment's tag" in before.stderr


def test_secret_of_another_deployment_is_not_ready(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    put_secret(tokenvend)
    theirs = [{"Key": "tokenvend:deployment", "Value": "another"}]
    aws.client("secretsmanager").tag_resource(SecretId="tokenvend/tokenvend/jobs", Tags=theirs)

    status = tokenvend("secret", "status", "jobs")

    assert status.exit_code == 1
    assert "jobs lacks this deployment's tag" in status.stderr


def test_secret_that_is_being_deleted_counts_as_missing(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    put_secret(tokenvend)
    aws.client("secretsmanager").delete_secret(SecretId="tokenvend/tokenvend/jobs")

    row = tokenvend.json("secret", "status", "jobs")[0]

    assert (row["exists"], row["ready"]) == (False, False)


@pytest.mark.parametrize(
    ("operation", "words", "told"),
    [
        ("DescribeSecret", ("put", "jobs"), "AWS refused DescribeSecret: not allowed"),
        ("CreateSecret", ("put", "jobs"), "AWS refused CreateSecret: not allowed"),
        ("PutItem", ("put", "jobs"), "former tokens for replacement failed (Access"),
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
