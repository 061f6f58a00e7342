"""`secret put` refuses a malformed secret or a name of none, and echoes neither."""

import json

import pytest
from botocore.exceptions import ClientError
from tests.cli.conftest import Tokenvend
from tests.cli.putting import SECRET, VALUE, SecretGenerations, put_secret, stored_secret


@pytest.mark.parametrize(
    ("stdin", "told"),
    [
        pytest.param(
            "", "must be a JSON object with exactly client_id and client_secret", id="nothing"
        ),
        pytest.param(SECRET, "must be a JSON object", id="no JSON"),
        pytest.param(f'["{SECRET}"]', "must be a JSON object", id="a list"),
        pytest.param("[" * 10_000, "must be a JSON object", id="nested too deeply"),
        pytest.param(
            json.dumps(VALUE | {"password": SECRET}), "must be a JSON object", id="another key"
        ),
        pytest.param(
            '{"client_id": "us"}', "client_secret is missing, or is not a string", id="no secret"
        ),
        pytest.param(
            f'{{"client_secret": "{SECRET}"}}',
            "client_id is missing, or is not a string",
            id="no client id",
        ),
        pytest.param(json.dumps(VALUE | {"client_secret": ""}), "is missing", id="empty"),
        pytest.param(json.dumps(VALUE | {"client_secret": 7}), "is not a string", id="a number"),
        pytest.param(
            json.dumps(VALUE | {"client_secret": f"{SECRET}\n"}),
            "client_secret begins or ends with white space",
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
        stored_secret("jobs")


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        pytest.param("jbos", 1, "no credential jbos in the deployment", id="unknown credential"),
        pytest.param(
            "jobs/acme", 2, "jobs is no family, so it has no tenants", id="tenant of none"
        ),
        pytest.param(
            "JOBS",
            2,
            "give the name of a credential in the file, or CREDENTIAL/TENANT",
            id="no name",
        ),
        pytest.param(
            "partner/",
            2,
            "give the name of a credential in the file, or CREDENTIAL/TENANT",
            id="empty tenant",
        ),
        pytest.param("partner/a/b", 2, "CREDENTIAL/TENANT", id="tenant with a slash"),
    ],
)
def test_name_that_no_secret_can_have_is_refused(
    tokenvend: Tokenvend, name: str, code: int, told: str
) -> None:
    tokenvend.apply()

    put, status = put_secret(tokenvend, name), tokenvend("secret", "status", name)

    assert (put.exit_code, status.exit_code) == (code, code)
    assert told in put.stderr
    assert told in status.stderr


def test_secret_that_stands_elsewhere_is_not_put(tokenvend: Tokenvend) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:ours-AbCdEf"
    tokenvend.write(lambda document: document["credentials"]["jobs"].update(secret={"arn": arn}))
    tokenvend.apply()

    result = put_secret(tokenvend)

    assert result.exit_code == 1
    assert f"jobs uses your own secret {arn}" in result.stderr
