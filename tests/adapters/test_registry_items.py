"""Registry items: whatever is built is parsed, and nothing else is."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from tests.adapters.registry_samples import (
    CALLER,
    DEFINITION,
    GRANT,
    IDENTITY,
    callers,
    definitions,
    grants,
)

from tokenvend.adapters.dynamodb.definition_items import build_definition, parse_definition
from tokenvend.adapters.dynamodb.documents import MalformedDocumentError
from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    META_KEY,
    SECRET,
    SETTINGS,
    RegistryItem,
    build_block,
    build_caller,
    build_client_secrets,
    build_grant,
    caller_pk,
    credential_pk,
    parse_caller,
    parse_client_secrets,
    parse_grant,
    registry_item_of,
)
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.names import is_name
from tokenvend.domain.registry import OWN_CONNECTIONS, Caller, Grant

HASHES = [f"{number:064x}" for number in range(3)]


def through_the_table(item: RegistryItem) -> RegistryItem:
    found = registry_item_of(item.to_item())
    assert found is not None
    return found


@given(caller=callers)
def test_a_caller_comes_back_as_it_was(caller: Caller) -> None:
    item = through_the_table(build_caller(IDENTITY, caller))

    assert item.key == (IDENTITY, SETTINGS)
    assert parse_caller(item.document) == caller


@given(grant=grants)
def test_a_grant_comes_back_as_it_was(grant: Grant) -> None:
    item = through_the_table(build_grant(IDENTITY, grant))

    assert item.key == (IDENTITY, grant.credential)
    assert parse_grant(item.document) == grant


@given(definition=definitions)
def test_a_definition_comes_back_as_it_was(definition: CredentialDefinition) -> None:
    item = through_the_table(build_definition(definition))

    assert item.key == (credential_pk(definition.name), SETTINGS)
    assert parse_definition(item.document) == definition
    assert parse_definition(item.document).fingerprint == definition.fingerprint


def test_the_two_newest_client_secrets_are_kept() -> None:
    hashes = [
        {"sha256": value, "issued_at": f"2026-03-0{number + 1}T00:00:00+00:00"}
        for number, value in enumerate(HASHES)
    ]

    item = through_the_table(build_client_secrets(IDENTITY, hashes))

    assert item.key == (IDENTITY, SECRET)
    assert parse_client_secrets(item.document) == (HASHES[1], HASHES[2])


def test_a_third_client_secret_that_somebody_wrote_is_not_honoured() -> None:
    document = {"secrets": [{"sha256": value} for value in HASHES]}

    assert parse_client_secrets(document) == (HASHES[1], HASHES[2])


def test_a_block_says_when_and_why() -> None:
    blocked_at = datetime(2026, 3, 1, tzinfo=UTC)

    item = through_the_table(build_block(IDENTITY, reason="left", blocked_at=blocked_at))

    assert item.key == (IDENTITY, BLOCKED)
    assert item.document == {"reason": "left", "blocked_at": blocked_at.isoformat()}


@pytest.mark.parametrize("key", [SETTINGS, SECRET, BLOCKED])
def test_no_credential_is_named_like_a_key_of_ours(key: str) -> None:
    assert not is_name(key)


@pytest.mark.parametrize("pk", [caller_pk("billing"), credential_pk("billing"), META_KEY[0]])
def test_no_identity_is_a_partition_of_ours(pk: str) -> None:
    assert not pk.startswith(("iam:", "client:", "alias:", "oidc:"))


DOCUMENTS: list[tuple[Callable[[dict[str, Any]], object], dict[str, Any]]] = [
    (parse_caller, build_caller(IDENTITY, CALLER).document),
    (parse_grant, build_grant(IDENTITY, GRANT).document),
    (parse_definition, build_definition(DEFINITION).document),
    (parse_client_secrets, {"secrets": [{"sha256": HASHES[0]}]}),
]
each_document = pytest.mark.parametrize(
    ("parse", "document"), DOCUMENTS, ids=["caller", "grant", "definition", "client secrets"]
)


@each_document
def test_fields_of_a_later_version_are_left_alone(
    parse: Callable[[dict[str, Any]], object], document: dict[str, Any]
) -> None:
    newer = document | {"not_yet_known": ["anything"]}
    if "secret" in newer:
        newer["secret"] = newer["secret"] | {"not_yet_known": 1}

    assert parse(newer) == parse(document)


@each_document
def test_a_field_of_another_kind_spoils_the_document(
    parse: Callable[[dict[str, Any]], object], document: dict[str, Any]
) -> None:
    for name in document:
        # Neither a fraction nor a list of numbers is what any field may be.
        for wrong in (1.5, [1]):
            with pytest.raises(MalformedDocumentError, match=name):
                parse(document | {name: wrong})


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        pytest.param("full_access", "false", id="a flag that is a text"),
        pytest.param("full_access", 1, id="a flag that is a number"),
        pytest.param("scopes", "jobs_read", id="scopes that are one text"),
        pytest.param("tenants", {"*": 1}, id="tenants that are an object"),
        pytest.param("scopes", [["jobs_read"]], id="scopes in scopes"),
        pytest.param("isolation", "none", id="an isolation that there is not"),
        pytest.param("observe_until", "2026-03-20", id="a date without an offset"),
        pytest.param("observe_until", "soon", id="no date"),
    ],
)
def test_a_grant_is_never_read_as_more_than_it_says(name: str, wrong: object) -> None:
    document = build_grant(IDENTITY, GRANT).document | {name: wrong}

    with pytest.raises(ValueError, match=r"."):
        parse_grant(document)


def test_a_grant_of_a_version_before_connections_names_its_callers_own() -> None:
    document = build_grant(IDENTITY, GRANT).document
    del document["connections"]

    assert parse_grant(document).connections == OWN_CONNECTIONS


@pytest.mark.parametrize("value", ["0" * 63, "0" * 65, "A" * 64, "é" * 64, ""])
def test_a_client_secret_that_is_no_hash_spoils_the_document(value: str) -> None:
    told = r"^sha256 is not a (text|SHA-256 in hexadecimal)$"
    with pytest.raises(MalformedDocumentError, match=told):
        parse_client_secrets({"secrets": [{"sha256": value}]})


KEYS = {"pk": {"S": IDENTITY}, "sk": {"S": SETTINGS}}
DOCUMENT = {"document": {"S": "{}"}, "schema": {"N": "1"}}


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(DOCUMENT, id="no keys"),
        pytest.param(KEYS | {"document": {"S": "{}"}}, id="no schema"),
        pytest.param(KEYS | DOCUMENT | {"schema": {"N": "2"}}, id="a later schema"),
        pytest.param(KEYS | {"schema": {"N": "1"}}, id="no document"),
        pytest.param(KEYS | DOCUMENT | {"document": {"S": "{"}}, id="broken JSON"),
        pytest.param(KEYS | DOCUMENT | {"document": {"S": "[]"}}, id="a list"),
        pytest.param(KEYS | DOCUMENT | {"document": {"S": "[" * 99_999}}, id="too deep"),
        pytest.param(KEYS | DOCUMENT | {"document": {"B": b"{}"}}, id="bytes"),
    ],
)
def test_an_item_that_is_not_ours_is_none(item: dict[str, Any]) -> None:
    assert registry_item_of(item) is None


def test_an_item_of_ours_is_read() -> None:
    assert registry_item_of(KEYS | DOCUMENT) == RegistryItem(IDENTITY, SETTINGS, {})
