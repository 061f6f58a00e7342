"""`secret put`, `import` and `status` where each tenant has a host of its own."""

import json
from typing import Any

import pytest
from tests.cli import aws
from tests.cli.conftest import Tokenvend
from typer.testing import Result

SECRET = "hunter2-hunter2"
VALUE = {"client_id": "us", "client_secret": SECRET, "domain": "acme.provider.example"}
PROVIDER = {
    "token_endpoint": "https://{tenant.domain}/oauth/token",
    "tenant_values": {"domain": ["*.provider.example"]},
}


@pytest.fixture(autouse=True)
def _applied(tokenvend: Tokenvend) -> None:
    def change(document: dict[str, Any]) -> None:
        document["providers"]["acme"] = PROVIDER
        # The others do without one.
        document["providers"]["other"] = {"token_endpoint": "https://login.acme.example/token"}
        document["credentials"]["jobs"]["provider"] = "other"

    tokenvend.write(change)
    tokenvend.apply()


def _put(tokenvend: Tokenvend, *words: str, **value: str) -> Result:
    return tokenvend("secret", "put", "partner/acme", *words, stdin=json.dumps(VALUE | value))


def _host(tenant: str) -> str:
    name = f"tokenvend/tokenvend/partner/{tenant}"
    described = aws.client("secretsmanager").describe_secret(SecretId=name)
    tags: dict[str, str] = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
    return tags["tokenvend:host"]


def _is_stored(tenant: str) -> bool:
    names = (each["Name"] for each in aws.client("secretsmanager").list_secrets()["SecretList"])
    return any(name.endswith(f"/{tenant}") for name in names)


def test_tenants_host_is_recorded_with_its_secret(tokenvend: Tokenvend) -> None:
    result = _put(tokenvend)

    assert result.exit_code == 0
    assert "It is sent to acme.provider.example only." in result.stdout
    assert _host("acme") == "acme.provider.example"


@pytest.mark.parametrize(
    "domain",
    [
        "evil.example",
        "acme.provider.example@evil.example",
        "169.254.169.254",
        "acme.provider.example.",
    ],
)
def test_secret_that_names_another_host_is_not_put_and_not_echoed(
    tokenvend: Tokenvend, domain: str
) -> None:
    result = _put(tokenvend, domain=domain)

    assert result.exit_code == 2
    assert "domain must look like *.provider.example" in result.output
    assert f'"{domain}"' not in result.output
    assert SECRET not in result.output
    assert not _is_stored("acme")


def test_secret_without_its_host_is_not_put(tokenvend: Tokenvend) -> None:
    value = {key: each for key, each in VALUE.items() if key != "domain"}

    result = tokenvend("secret", "put", "partner/acme", stdin=json.dumps(value))

    assert result.exit_code == 2
    assert "domain is missing, or is not a string" in result.output


def test_tenant_moves_to_another_host_only_where_that_is_agreed_on(tokenvend: Tokenvend) -> None:
    _put(tokenvend)

    refused = _put(tokenvend, domain="eu.provider.example")
    kept = _host("acme")
    wrong = _put(tokenvend, "--new-host", "us.provider.example", domain="eu.provider.example")
    agreed = _put(tokenvend, "--new-host", "eu.provider.example", domain="eu.provider.example")

    assert (refused.exit_code, wrong.exit_code, agreed.exit_code) == (1, 2, 0)
    assert "add --new-host eu.provider.example" in refused.output
    assert (kept, _host("acme")) == ("acme.provider.example", "eu.provider.example")


def test_status_takes_any_host_that_fits_and_tells_one_that_does_not(tokenvend: Tokenvend) -> None:
    _put(tokenvend)

    (ready,) = tokenvend.json("secret", "status", "partner/acme")
    aws.client("secretsmanager").tag_resource(
        SecretId="tokenvend/tokenvend/partner/acme",
        Tags=[{"Key": "tokenvend:host", "Value": "evil.example"}],
    )
    (wrong,) = tokenvend.json("secret", "status", "partner/acme")

    assert (ready["ready"], ready["host"]) == (True, "acme.provider.example")
    assert ready["wanted_host"] == "acme.provider.example"
    assert (wrong["ready"], wrong["wanted_host"]) == (False, "@any.provider.example")


def test_import_records_each_host_and_tells_each_line_that_names_another(
    tokenvend: Tokenvend,
) -> None:
    rows = (
        "name,tenant,client_id,client_secret,domain",
        f"partner,acme,us,{SECRET},acme.provider.example",
        f"partner,evil,us,{SECRET},evil.example",
        f"partner,none,us,{SECRET},",
        f"partner,zeta,us,{SECRET},zeta.provider.example",
    )

    result = tokenvend("secret", "import", "--json", stdin="\n".join(rows))
    again = tokenvend.json("secret", "import", stdin="\n".join(rows))

    document = json.loads(result.stdout)
    assert document["written"] == ["partner/acme", "partner/zeta"]
    assert again["unchanged"] == document["written"]
    assert [(each["line"], each["what"]) for each in document["wrong"]] == [
        (3, "domain must look like *.provider.example, as the file has it"),
        (4, "domain is missing, or is not a string"),
    ]
    assert (_host("acme"), _host("zeta")) == ("acme.provider.example", "zeta.provider.example")
    assert not _is_stored("evil")
    assert SECRET not in result.output


def test_request_is_shown_with_its_placeholders(tokenvend: Tokenvend) -> None:
    worker = "arn:aws:iam::123456789012:role/service/worker"
    assert worker in tokenvend.file.read_text()

    shown = tokenvend(
        *("explain", "--file", str(tokenvend.file), "--caller", "events"),
        *("--credential", "partner", "--tenant", "acme", "--json"),
    )

    (verdict,) = json.loads(shown.stdout)
    assert verdict["request"] == "POST https://{tenant.domain}/oauth/token"
