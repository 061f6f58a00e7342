"""The documents of the registry: callers, grants, definitions, keys and client secrets."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from tests.adapters.registry_samples import CALLER, DEFINITION, GRANT, IDENTITY
from tests.fakes.clock import START

from fuzzing import hostile
from fuzzing.target import FuzzTarget
from tokenvend.adapters.dynamodb.definition_items import build_definition, parse_definition
from tokenvend.adapters.dynamodb.published_keys import build_published_keys, parse_published_keys
from tokenvend.adapters.dynamodb.registry_items import (
    build_caller,
    build_client_secrets,
    build_grant,
    parse_caller,
    parse_client_secrets,
    parse_grant,
    registry_item_of,
)
from tokenvend.domain.signing import PublishedKey, SigningAlgorithm

type Document = dict[str, Any]

_KEYS = (PublishedKey("arn:aws:kms:eu-central-1:111122223333:key/1", SigningAlgorithm.RS256),)
_HASHES = [{"sha256": "0" * 64, "issued_at": START.isoformat()}]
#: Each kind of document with one that is right, its parser, and what builds it again.
_KINDS: dict[str, tuple[Document, Callable[[Document], Any], Callable[[Any], Document] | None]] = {
    "caller": (
        build_caller(IDENTITY, CALLER).document,
        parse_caller,
        lambda caller: build_caller(IDENTITY, caller).document,
    ),
    "grant": (
        build_grant(IDENTITY, GRANT).document,
        parse_grant,
        lambda grant: build_grant(IDENTITY, grant).document,
    ),
    "definition": (
        build_definition(DEFINITION).document,
        parse_definition,
        lambda definition: build_definition(definition).document,
    ),
    "keys": (
        build_published_keys(_KEYS).document,
        parse_published_keys,
        lambda keys: build_published_keys(keys).document,
    ),
    "client secrets": (
        build_client_secrets(IDENTITY, _HASHES).document,
        parse_client_secrets,
        None,
    ),
}


@st.composite
def _documents(draw: st.DrawFn) -> tuple[str, Document]:
    kind = draw(st.sampled_from([*_KINDS]))
    return kind, draw(hostile.altered(_KINDS[kind][0]))


def _check_registry(case: tuple[str, Document]) -> str:
    kind, document = case
    _, parse, build = _KINDS[kind]
    stored = {
        "pk": {"S": IDENTITY},
        "sk": {"S": "*"},
        "schema": {"N": "1"},
        "document": {"S": json.dumps(document)},
    }
    item = registry_item_of(stored)
    assert item is not None, "a JSON object was not read"
    try:
        parsed = parse(item.document)
    except ValueError as error:
        # What the readers take for: it is not there.
        return f"{kind} {type(error).__name__}"
    if build is not None:
        assert (
            set(parse(build(parsed))) == set(parsed)
            if kind == "keys"
            else (parse(build(parsed)) == parsed)
        ), "it does not come back as it was"
    return f"{kind} read"


TARGETS = (
    FuzzTarget(
        name="registry-items",
        promise="a document is read strictly and comes back as it was, or counts as absent",
        inputs=_documents(),
        check=_check_registry,
    ),
)
