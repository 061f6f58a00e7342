"""`secret status` where there are many: filters and pages."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.cli import aws
from tests.cli.conftest import Tokenvend

from tokenvend.adapters.dynamodb.credential_items import failure_value, outage_value
from tokenvend.domain.credential_state import ProviderOutage
from tokenvend.domain.failure import Failure

HOST, PREFIX = "login.acme.example", "tokenvend/tokenvend/"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _put(*tenants: str, host: str = HOST) -> None:
    for tenant in tenants:
        aws.client("secretsmanager").create_secret(
            Name=f"{PREFIX}partner/{tenant}",
            SecretString=json.dumps({"client_id": "us", "client_secret": "x"}),
            Tags=[
                {"Key": "tokenvend:deployment", "Value": "tokenvend"},
                {"Key": "tokenvend:host", "Value": host},
            ],
        )


def _note(tenant: str, **noted: Any) -> None:
    """What the functions write of a tenant."""
    aws.client("dynamodb").put_item(
        TableName="tokens",
        Item={"pk": {"S": f"epoch#partner/{tenant}"}, "secret_generation": {"S": "e"}} | noted,
    )


def _names(tokenvend: Tokenvend, *words: str) -> list[str]:
    return [row["name"] for row in tokenvend.json("secret", "status", *words)]


def test_family_is_shown_with_all_its_tenants_and_no_other_secret(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _put("beta", "Alpha", "alpine")

    names = _names(tokenvend, "partner")

    assert names == ["partner/Alpha", "partner/alpine", "partner/beta"]


@pytest.mark.parametrize(
    ("glob", "names"),
    [
        ("al*", ["partner/alpine"]),
        ("?l*", ["partner/Alpha", "partner/alpine"]),
        ("beta", ["partner/beta"]),
        ("bet", []),
    ],
)
def test_tenants_are_picked_by_a_glob_over_the_whole_name(
    tokenvend: Tokenvend, glob: str, names: list[str]
) -> None:
    tokenvend.apply()
    _put("beta", "Alpha", "alpine")

    assert _names(tokenvend, "--tenant", glob) == names


@pytest.mark.parametrize(
    ("only", "tenants"),
    [
        (["ready"], ["away", "well"]),
        (["failing"], ["moved", "refused", "unusable"]),
        (["wrong-host"], ["moved"]),
        (["refused"], ["refused"]),
        (["unusable"], ["unusable"]),
        (["away"], ["away"]),
        (["refused", "wrong-host"], ["moved", "refused"]),
        (["missing"], []),
    ],
    ids=str,
)
def test_secrets_are_picked_by_how_they_are(
    tokenvend: Tokenvend, only: list[str], tenants: list[str]
) -> None:
    tokenvend.apply()
    _put("well", "refused", "unusable", "away")
    _put("moved", host="elsewhere.example")
    _note(
        "refused",
        failure=failure_value(Failure(provider_error="invalid_client", count=3, retry_at=NOW)),
    )
    _note("unusable", not_ready_renewal={"BOOL": True})
    _note("away", outage=outage_value(ProviderOutage(since=NOW, failures=2)))

    words = [word for each in only for word in ("--only", each)]
    result = tokenvend("secret", "status", "partner", *words, "--json")

    assert [row["name"] for row in json.loads(result.stdout)] == [f"partner/{it}" for it in tenants]
    assert result.exit_code == (0 if set(only) <= {"ready", "away", "missing"} else 1)


def test_missing_secret_is_picked_among_all(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _put("acme")

    assert _names(tokenvend, "--only", "missing") == ["jobs"]


def test_secrets_that_have_not_been_written_since_are_picked(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _put("acme")
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)

    before = _names(tokenvend, "partner", "--changed-before", f"{tomorrow - timedelta(days=1)}")
    after = _names(tokenvend, "partner", "--changed-before", f"{tomorrow}T12:00")

    assert (before, after) == ([], ["partner/acme"])


@pytest.mark.parametrize("filters", [(), ("--only", "ready")], ids=["all", "filtered"])
def test_pages_follow_one_another_and_the_last_says_nothing_of_more(
    tokenvend: Tokenvend, filters: tuple[str, ...]
) -> None:
    tokenvend.apply()
    _put(*(f"t{number}" for number in range(5)))

    first = tokenvend("secret", "status", "partner", *filters, "--limit", "2", "--json")
    rest = tokenvend(
        *(
            "secret",
            "status",
            "partner",
            *filters,
            "--limit",
            "3",
            "--after",
            "partner/t1",
            "--json",
        )
    )

    assert [row["name"] for row in json.loads(first.stdout)] == ["partner/t0", "partner/t1"]
    assert "there are more: see the next ones with --after partner/t1" in first.stderr
    assert [row["name"] for row in json.loads(rest.stdout)] == [
        *("partner/t2", "partner/t3", "partner/t4")
    ]
    assert rest.stderr == ""


def test_page_reads_no_more_than_it_shows_and_one(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tokenvend_cli.deployment.secrets import Secrets

    tokenvend.apply()
    _put(*(f"t{number}" for number in range(9)))
    real, read = Secrets.status, []

    def counted(self: Secrets, *arguments: Any) -> Any:
        read.append(arguments)
        return real(self, *arguments)

    monkeypatch.setattr(Secrets, "status", counted)
    _names(tokenvend, "partner", "--limit", "2")

    assert len(read) == 3


def test_page_behind_the_end_is_empty(tokenvend: Tokenvend) -> None:
    tokenvend.apply()
    _put("acme")

    result = tokenvend("secret", "status", "partner", "--after", "partner/zeta")

    assert (result.exit_code, result.stdout) == (0, "No secret matches.\n")


def test_family_without_tenants_is_no_error(tokenvend: Tokenvend) -> None:
    tokenvend.apply()

    result = tokenvend("secret", "status", "partner")

    assert (result.exit_code, result.stdout) == (0, "No secret matches.\n")
