"""A secret goes to the host that was recorded with it, and to no other."""

import pytest
from tests.cli import aws
from tests.cli.conftest import Refuse, Tokenvend
from tests.cli.putting import HOST, VALUE, SecretGenerations, put_secret, stored_secret


def _tags(name: str) -> dict[str, str]:
    described = aws.client("secretsmanager").describe_secret(SecretId=f"tokenvend/tokenvend/{name}")
    return {tag["Key"]: tag["Value"] for tag in described["Tags"]}


def _move_provider(tokenvend: Tokenvend, host: str) -> None:
    endpoint = {"token_endpoint": f"https://{host}/token"}
    tokenvend.write(lambda document: document["providers"].update(acme=endpoint))
    tokenvend.apply()


def test_host_is_recorded_with_the_secret(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    put_secret(tokenvend)

    assert _tags("jobs") == {"tokenvend:deployment": "tokenvend", "tokenvend:host": HOST}


def test_changed_file_does_not_redirect_a_secret(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    put_secret(tokenvend)
    _move_provider(tokenvend, "evil.example")

    refused = put_secret(tokenvend, client_secret="newer")
    status = tokenvend.json("secret", "status", "jobs")[0]

    assert refused.exit_code == 1
    assert f"is stored for {HOST}" in refused.stderr
    assert "--new-host evil.example" in refused.stderr
    assert (status["ready"], status["host"], status["wanted_host"]) == (False, HOST, "evil.example")
    assert (stored_secret("jobs"), _tags("jobs")["tokenvend:host"]) == (VALUE, HOST)


def test_new_host_is_agreed_on_by_its_name(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    put_secret(tokenvend)
    _move_provider(tokenvend, "eu.acme.example")

    another = put_secret(tokenvend, "jobs", "--new-host", "us.acme.example", client_secret="newer")
    agreed = put_secret(tokenvend, "jobs", "--new-host", "eu.acme.example", client_secret="newer")

    assert another.exit_code == 2
    assert "jobs goes to eu.acme.example" in another.stderr
    assert agreed.exit_code == 0, agreed.output
    assert _tags("jobs")["tokenvend:host"] == "eu.acme.example"
    assert stored_secret("jobs")["client_secret"] == "newer"


def test_neither_value_meets_the_others_host_while_the_host_changes(
    tokenvend: Tokenvend, refuse: Refuse
) -> None:
    tokenvend.apply()
    put_secret(tokenvend)
    _move_provider(tokenvend, "eu.acme.example")
    refuse("PutSecretValue")

    result = put_secret(tokenvend, "jobs", "--new-host", "eu.acme.example", client_secret="newer")

    assert result.exit_code == 1
    assert (stored_secret("jobs"), _tags("jobs")["tokenvend:host"]) == (VALUE, "nowhere")


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
        put_secret(tokenvend, name)
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
