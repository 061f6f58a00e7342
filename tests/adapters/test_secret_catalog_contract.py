"""The contract of `ports.SecretCatalog`, on the fake and on Secrets Manager."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import pytest
from tests.adapters.aws import Aws
from tests.adapters.faults import answer_with
from tests.fakes.secret_catalog import FakeSecretCatalog

from tokenvend.adapters.secret_catalog import SecretsManagerCatalog
from tokenvend.adapters.secrets_manager import CREDENTIAL_TAG, DEPLOYMENT_TAG
from tokenvend.ports import SecretCatalog, SecretVersion, StoreAwayError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class Harness(Protocol):
    """Secrets that a test writes, and whoever lists them."""

    @property
    def catalog(self) -> SecretCatalog: ...
    def put(self, credential: str, tenant: str | None = None) -> str: ...
    def name_of(self, credential: str, tenant: str | None = None) -> str: ...


@dataclass
class FakeWorld:
    catalog: FakeSecretCatalog = field(default_factory=FakeSecretCatalog)
    _written: dict[tuple[str, str | None], SecretVersion] = field(default_factory=dict)

    def put(self, credential: str, tenant: str | None = None) -> str:
        version = uuid4().hex
        self.catalog.found = [
            each
            for each in self.catalog.found
            if (each.credential, each.tenant) != (credential, tenant)
        ]
        self.catalog.found.append(SecretVersion(credential, tenant, version))
        return version

    def name_of(self, credential: str, tenant: str | None = None) -> str:
        return "tokenvend/tokenvend/" + (f"{credential}/{tenant}" if tenant else credential)


class SecretsManagerWorld:
    def __init__(self, client: "SecretsManagerClient") -> None:
        self.client = client
        self.deployment = f"tokenvend-{uuid4().hex}"
        self._prefix = f"tokenvend/{self.deployment}/"
        self._written: set[str] = set()
        self.catalog = SecretsManagerCatalog(
            client, prefix=self._prefix, deployment=self.deployment
        )

    def put(self, credential: str, tenant: str | None = None) -> str:
        name = self.name_of(credential, tenant)
        if name in self._written:
            return self.client.put_secret_value(SecretId=name, SecretString="{}")["VersionId"]
        self._written.add(name)
        return self.add(name, {DEPLOYMENT_TAG: self.deployment})

    def name_of(self, credential: str, tenant: str | None = None) -> str:
        return self._prefix + (credential if tenant is None else f"{credential}/{tenant}")

    def add(self, name: str, tags: dict[str, str]) -> str:
        """A secret of any name."""
        made = self.client.create_secret(
            Name=name,
            SecretString="{}",
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        return made["VersionId"]


@pytest.fixture(params=["fake", "secretsmanager"])
def harness(request: pytest.FixtureRequest) -> Harness:
    if request.param == "fake":
        return FakeWorld()
    aws: Aws = request.getfixturevalue("aws")
    return SecretsManagerWorld(aws.secretsmanager)


def found(harness: Harness) -> set[SecretVersion]:
    return set(harness.catalog.secrets())


def test_nothing_is_found_at_first(harness: Harness) -> None:
    assert found(harness) == set()


def test_each_secret_is_found_with_its_current_version(harness: Harness) -> None:
    ats, acme = harness.put("ats"), harness.put("partner", "acme")

    assert found(harness) == {
        SecretVersion("ats", None, ats),
        SecretVersion("partner", "acme", acme),
    }


def test_a_changed_secret_has_another_version(harness: Harness) -> None:
    before = harness.put("ats")
    after = harness.put("ats")

    assert before != after
    assert found(harness) == {SecretVersion("ats", None, after)}


def test_one_secret_is_found_by_its_name_alone(harness: Harness) -> None:
    harness.put("ats")
    acme = harness.put("partner", "acme")

    found_alone = set(harness.catalog.secret(harness.name_of("partner", "acme")))

    assert found_alone == {SecretVersion("partner", "acme", acme)}
    assert set(harness.catalog.secret(harness.name_of("nobody"))) == set()


def test_an_adopted_secret_is_found_by_its_arn(aws: Aws) -> None:
    harness = SecretsManagerWorld(aws.secretsmanager)
    name = f"theirs-{uuid4().hex}"
    version = harness.add(name, {DEPLOYMENT_TAG: harness.deployment, CREDENTIAL_TAG: "ats"})
    arn = aws.secretsmanager.describe_secret(SecretId=name)["ARN"]

    assert list(harness.catalog.secret(arn)) == [
        SecretVersion("ats", None, version, adopted_arn=arn)
    ]


def test_a_secret_of_another_deployment_is_not_found_by_its_name(aws: Aws) -> None:
    harness, other = (SecretsManagerWorld(aws.secretsmanager) for _ in range(2))
    other.put("ats")

    assert list(harness.catalog.secret(other.name_of("ats"))) == []


def test_a_secret_that_may_not_be_described_is_not_found(aws: Aws) -> None:
    client = aws.client("secretsmanager")
    answer_with(client, "DescribeSecret", status=400, code="AccessDeniedException")

    assert list(SecretsManagerWorld(client).catalog.secret("somebody's")) == []


def test_an_adopted_secret_is_that_of_each_credential_it_names(aws: Aws) -> None:
    harness = SecretsManagerWorld(aws.secretsmanager)
    tags = {DEPLOYMENT_TAG: harness.deployment, CREDENTIAL_TAG: "ats crm"}
    name = f"theirs-{uuid4().hex}"
    version = harness.add(name, tags)
    arn = aws.secretsmanager.describe_secret(SecretId=name)["ARN"]

    assert found(harness) == {
        SecretVersion("ats", None, version, adopted_arn=arn),
        SecretVersion("crm", None, version, adopted_arn=arn),
    }


def test_secrets_of_other_deployments_are_not_found(aws: Aws) -> None:
    harness, other = (SecretsManagerWorld(aws.secretsmanager) for _ in range(2))
    other.put("ats")
    harness.add(f"odd-{uuid4().hex}", {DEPLOYMENT_TAG: "another", "note": harness.deployment})

    assert found(harness) == set()


def test_secrets_manager_that_fails_is_away(aws: Aws) -> None:
    client = aws.client("secretsmanager")
    answer_with(client, "ListSecrets", status=500, code="InternalServiceError")

    with pytest.raises(StoreAwayError):
        found(SecretsManagerWorld(client))
