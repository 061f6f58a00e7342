"""A registry that a former version wrote is read as it was meant, and the reverse.

`former_registry/` holds a file of the version before issue 10 (commit c7c3c75), the items that its
`apply` wrote for it, what its own functions read in each item, and the definitions' fingerprints.
"""

import json
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.registries import DynamoDbRegistry
from tests.configuration.samples import resolved
from tests.fakes.signer import new_pair
from tests.unit.vending.harness import BILLING, Harness, secret_of_key

from tokenvend.adapters.dynamodb import registry_items
from tokenvend.adapters.dynamodb.attributes import Item
from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.adapters.dynamodb.published_keys import DynamoDbPublishedKeys
from tokenvend.adapters.dynamodb.registry_items import RegistryItem, registry_item_of
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import RegistryView
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import SigningAlgorithm
from tokenvend.ports import Lookup
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.load import load_configuration

FORMER = Path(__file__).parent / "former_registry"
ITEMS: list[Item] = json.loads((FORMER / "items.json").read_text(encoding="utf-8"))
#: By the item's key: each field as the former version read it.
READ: dict[str, dict[str, Any]] = json.loads((FORMER / "read.json").read_text(encoding="utf-8"))
KMS_KEYS = READ["credential#payments *"]["assertion"]["kms_keys"]
EVENTS = Proof(EntryPoint.DIRECT, "alias:events")


def _parsed(item: Item) -> tuple[str, Any]:
    found = registry_item_of(item)
    assert found is not None
    if found.pk.startswith("credential#"):
        return " ".join(found.key), parse_definition(found.document)
    if found.sk == registry_items.SETTINGS:
        return " ".join(found.key), registry_items.parse_caller(found.document)
    return " ".join(found.key), registry_items.parse_grant(found.document)


def _is_as_read(theirs: Any, ours: Any) -> bool:
    """Whether *ours* has all of *theirs*; a field that is newer must have its default."""
    if not is_dataclass(ours):
        return bool(theirs == _plain(ours))
    names = {each.name for each in fields(ours)}
    theirs = _renamed(theirs)
    return theirs.keys() <= names and all(
        _is_as_read(theirs[each.name], getattr(ours, each.name))
        if each.name in theirs
        else getattr(ours, each.name) == _default(each)
        for each in fields(ours)
    )


def _renamed(theirs: dict[str, Any]) -> dict[str, Any]:
    """*theirs* with the one header of an API key in the form that every kind has today."""
    if "api_key_header" not in theirs:
        return theirs
    header = theirs["api_key_header"] or {}
    ours = {f"header_{name}": header[name] for name in ("name", "prefix") if name in header}
    return {name: each for name, each in theirs.items() if name != "api_key_header"} | {
        "api_request": ours
    }


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _plain(value: Any) -> Any:
    """*value* as JSON has it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(each, id=f"{each['pk']['S']} {each['sk']['S']}")
        for each in ITEMS
        if each["pk"]["S"] != "jwks"
    ],
)
def test_item_is_read_as_the_former_version_read_it(item: Item) -> None:
    key, ours = _parsed(item)

    assert _is_as_read(READ[key], ours)


def test_token_that_the_former_version_stored_is_found() -> None:
    """The cache key covers a definition by its fingerprint."""
    fingerprints = json.loads((FORMER / "fingerprints.json").read_text(encoding="utf-8"))

    definitions = [_parsed(item)[1] for item in ITEMS if item["pk"]["S"].startswith("credential#")]

    assert {each.name: each.fingerprint for each in definitions} == fingerprints


def _compiled_today() -> dict[tuple[str, str], RegistryItem]:
    configuration = load_configuration(FORMER / "tokenvend.yaml").configuration
    providers, problems = resolved(configuration)
    assert problems == []
    return {item.key: item for item in compile_registry(configuration, providers)}


def test_file_of_the_former_version_is_compiled_to_what_its_functions_read() -> None:
    """Unknown fields are ignored there, so a roll back reads what today's `apply` wrote."""
    today = _compiled_today()

    for item in ITEMS:
        former = registry_item_of(item)
        assert former is not None
        document = today.pop(former.key).document
        assert {name: document[name] for name in former.document} == former.document
    assert today == {}


def _view(registry: DynamoDbRegistry, proof: Proof, credential: str) -> RegistryView:
    lookup = Lookup(identity=proof.identity, credential=credential)
    return registry.reader.read(lookup).view


@pytest.fixture
def registry(aws: Aws, tables: Tables) -> DynamoDbRegistry:
    for item in ITEMS:
        tables.put_registry_item(item)
    return DynamoDbRegistry(aws, tables)


@pytest.mark.parametrize(
    ("proof", "credential", "tenant"),
    [
        pytest.param(BILLING, "orders", None, id="a grant with every limit"),
        pytest.param(BILLING, "partners", "initech", id="a tenant that is listed"),
        pytest.param(EVENTS, "partners", "umbrella", id="any tenant"),
        pytest.param(BILLING, "payments", None, id="a client that signs"),
    ],
)
def test_tokens_are_vended_by_the_former_items(
    registry: DynamoDbRegistry, proof: Proof, credential: str, tenant: str | None
) -> None:
    harness, host = _harness(registry, proof, credential)
    harness.secrets.secrets[credential, tenant] = ProviderSecret("us", Secret("our-secret"), host)
    for arn in KMS_KEYS:
        harness.signer.pairs[arn] = new_pair(SigningAlgorithm.ES256)

    vended = harness.vend(
        harness.environment(), VendRequest(credential, tenant=tenant), proof=proof
    ).answer

    assert vended.token.access_token.reveal() == "provider-token-1"
    (sent,) = harness.provider.requests
    assert sent.url == READ[f"credential#{credential} *"]["token_endpoint"]


def test_api_key_is_answered_with_the_former_header(registry: DynamoDbRegistry) -> None:
    harness, _ = _harness(registry, EVENTS, "maps-key")
    harness.secrets.secrets["maps-key", None] = secret_of_key("our-api-key")

    answer = harness.vend(harness.environment(), VendRequest("maps-key"), proof=EVENTS).answer

    told = answer.to_dict()
    assert told["access_token"] == "our-api-key"
    assert (told["header_name"], told["header_prefix"]) == ("Authorization", "Token ")


def test_keys_to_publish_are_read(registry: DynamoDbRegistry) -> None:
    published = DynamoDbPublishedKeys(registry.aws.dynamodb, table=registry.tables.registry)

    (key,) = published.read()

    assert [key.arn] == KMS_KEYS
    assert key.algorithm.value == "ES256"


def _harness(registry: DynamoDbRegistry, proof: Proof, credential: str) -> tuple[Harness, str]:
    """A harness that decides by what the reader found, and the host of the token endpoint."""
    view = _view(registry, proof, credential)
    assert view.caller is not None
    assert view.grant is not None
    assert view.definition is not None
    harness = Harness(grant=view.grant, definition=view.definition)
    harness.reader.callers[proof.identity] = view.caller
    harness.reader.grants[proof.identity, credential] = view.grant
    endpoint = view.definition.token_endpoint
    return harness, endpoint.removeprefix("https://").partition("/")[0]
