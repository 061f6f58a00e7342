"""The contract of `ports.SecretStore`, on the fake and on Secrets Manager."""

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import pytest
from tests.adapters.aws import Aws
from tests.fakes.secret_store import FakeSecretStore

from tokenvend.adapters.secrets_manager import (
    DEPLOYMENT_TAG,
    HOST_TAG,
    SecretsManagerStore,
)
from tokenvend.domain.credential_definition import (
    Assertion,
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
)
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import TO_CALLERS
from tokenvend.ports import SecretStore, SecretUnusableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

HOST = "api.example.com"
ATS = CredentialDefinition(
    name="ats", provider="smartrecruiters", token_endpoint=f"https://{HOST}/token"
)
PARTNER = replace(ATS, name="partner", family=True)
SIGNS = replace(ATS, name="signs", client_authentication=ClientAuthentication.PRIVATE_KEY_JWT)
IN_KMS = replace(SIGNS, name="in-kms", assertion=Assertion(audience="a", kms_keys=("arn:one",)))
KEY = replace(ATS, name="key", kind=CredentialKind.API_KEY, token_endpoint="")
SECRET = ProviderSecret("client-1", Secret("top-secret-1"), HOST)


class Harness(Protocol):
    """Secrets that a test writes, and whoever reads them."""

    @property
    def store(self) -> SecretStore: ...
    def put(self, credential: str, tenant: str | None, secret: ProviderSecret) -> None: ...


@dataclass
class FakeWorld:
    store: FakeSecretStore = field(default_factory=FakeSecretStore)

    def put(self, credential: str, tenant: str | None, secret: ProviderSecret) -> None:
        self.store.secrets[credential, tenant] = secret


class SecretsManagerWorld:
    def __init__(self, client: "SecretsManagerClient") -> None:
        self._client = client
        self._deployment = f"tokenvend-{uuid4().hex}"
        self._prefix = f"tokenvend/{self._deployment}/"
        self._written: set[str] = set()
        self.store = SecretsManagerStore(client, prefix=self._prefix, deployment=self._deployment)

    def put(self, credential: str, tenant: str | None, secret: ProviderSecret) -> None:
        name = self._prefix + (credential if tenant is None else f"{credential}/{tenant}")
        value = secret.client_secret.reveal()
        fields = {"client_id": secret.client_id, "client_secret": value}
        if value.startswith("PEM"):
            key_id = {"key_id": secret.key_id} if secret.key_id else {}
            fields = {"client_id": secret.client_id, "private_key": value} | key_id
        elif secret.fields:
            fields = {name: each.reveal() for name, each in secret.fields.items()}
        elif not secret.client_id:
            fields = {"api_key": value}
        elif not value:
            del fields["client_secret"]
        text = json.dumps(fields)
        if name in self._written:
            self._client.put_secret_value(SecretId=name, SecretString=text)
            return
        self._written.add(name)
        tags = {DEPLOYMENT_TAG: self._deployment, HOST_TAG: secret.allowed_host}
        self._client.create_secret(
            Name=name,
            SecretString=text,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )


@pytest.fixture(params=["fake", "secretsmanager"])
def harness(request: pytest.FixtureRequest) -> Harness:
    if request.param == "fake":
        return FakeWorld()
    aws: Aws = request.getfixturevalue("aws")
    return SecretsManagerWorld(aws.secretsmanager)


def test_a_secret_comes_back_with_the_host_it_may_be_sent_to(harness: Harness) -> None:
    harness.put("ats", None, SECRET)

    assert harness.store.read(ATS, None) == SECRET


def test_the_current_secret_is_read_past_every_cache(harness: Harness) -> None:
    newer = replace(SECRET, client_secret=Secret("top-secret-2"))
    harness.put("ats", None, SECRET)
    harness.store.read(ATS, None)

    harness.put("ats", None, newer)

    assert harness.store.read(ATS, None) == newer


@pytest.mark.parametrize("key_id", [None, "theirs"])
def test_a_private_key_comes_back_with_its_name_if_it_has_one(
    harness: Harness, key_id: str | None
) -> None:
    secret = ProviderSecret("client-1", Secret("PEM text"), HOST, key_id=key_id)
    harness.put("signs", None, secret)

    assert harness.store.read(SIGNS, None) == secret


def test_where_kms_signs_the_secret_is_the_client_id(harness: Harness) -> None:
    secret = ProviderSecret("client-1", Secret(""), HOST)
    harness.put("in-kms", None, secret)

    assert harness.store.read(IN_KMS, None) == secret


def test_an_api_key_comes_back_without_a_client(harness: Harness) -> None:
    secret = ProviderSecret("", Secret(""), TO_CALLERS, fields={"api_key": Secret("k" * 32)})
    harness.put("key", None, secret)

    assert harness.store.read(KEY, None) == secret


def test_each_tenant_has_a_secret_of_its_own(harness: Harness) -> None:
    acme = replace(SECRET, client_secret=Secret("of-acme"))
    umbrella = replace(SECRET, client_secret=Secret("of-umbrella"))
    harness.put("partner", "acme", acme)
    harness.put("partner", "umbrella", umbrella)

    assert harness.store.read(PARTNER, "acme") == acme
    assert harness.store.read(PARTNER, "umbrella") == umbrella


def test_the_definitions_client_id_goes_before_the_secrets(harness: Harness) -> None:
    harness.put("ats", None, SECRET)

    secret = harness.store.read(replace(ATS, client_id="from-the-file"), None)

    assert secret == replace(SECRET, client_id="from-the-file")


@pytest.mark.parametrize(
    ("definition", "tenant", "label"),
    [(ATS, None, "ats"), (PARTNER, "acme", "partner/acme")],
    ids=["credential", "tenant"],
)
def test_a_missing_secret_says_how_to_write_it(
    harness: Harness, definition: CredentialDefinition, tenant: str | None, label: str
) -> None:
    with pytest.raises(SecretUnusableError) as caught:
        harness.store.read(definition, tenant)

    assert str(caught.value) == (
        f"The secret of {label} does not exist. Write it with: tokenvend secret put {label}"
    )


def test_a_credential_of_several_parts_comes_back_with_each_field(harness: Harness) -> None:
    described = {"headers": {"X-Key": "{secret.api_key}", "X-Account": "{secret.account}"}}
    definition = replace(KEY, api_request=described)
    fields = {"api_key": Secret("K"), "account": Secret("A")}
    secret = ProviderSecret("", Secret(""), TO_CALLERS, fields=fields)
    harness.put("key", None, secret)

    assert harness.store.read(definition, None) == secret
