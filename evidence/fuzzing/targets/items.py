"""What is stored: registry documents, tokens, connections, states, secrets and keys."""

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from hypothesis import strategies as st
from tests.adapters.connection_samples import CONNECTION, pending
from tests.adapters.registry_samples import CALLER, DEFINITION, GRANT, IDENTITY
from tests.adapters.samples import SPEC, TOKEN
from tests.fakes.clock import START

from fuzzing import hostile
from fuzzing.target import FuzzTarget, keeps_secret
from tokenvend.adapters.dynamodb import connection_items, credential_items, token_items
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
from tokenvend.adapters.encryption import Sealed, UntrustedItemError
from tokenvend.adapters.secrets_manager import DEPLOYMENT_TAG, HOST_TAG, SecretsManagerStore
from tokenvend.adapters.signing.pem import load_key
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import PrivateKey, PublishedKey, SigningAlgorithm
from tokenvend.domain.token import AccessToken
from tokenvend.domain.untrusted import Distrust
from tokenvend.ports import SecretUnusableError, SigningKeyUnusableError

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


class _Cipher:
    """Opens everything to *plaintext*, as if it were authentic; `None` is what is not."""

    def __init__(self, plaintext: bytes | None) -> None:
        self._plaintext = plaintext

    def open(self, _: str, __: Sealed) -> bytes:
        if self._plaintext is None:
            raise UntrustedItemError(Distrust.NOT_AUTHENTIC)
        return self._plaintext

    def seal(self, _: str, plaintext: bytes, **__: object) -> Sealed:
        self._plaintext = plaintext
        return Sealed(plaintext, b"key")


def _token_document() -> Document:
    return _sealed(lambda cipher: token_items.seal_token(cipher, "token#0", TOKEN, SPEC, now=START))


def _pending_document() -> Document:
    return _sealed(
        lambda cipher: connection_items.seal_pending(
            cipher, connection_items.connection_pk(CONNECTION), pending(hostile.MARKER), now=START
        )
    )


def _sealed(seal: Callable[[Any], object]) -> Document:
    """The text that *seal* encrypts."""
    cipher = _Cipher(None)
    seal(cipher)
    document: Document = json.loads(cipher.open("", Sealed(b"", b"")))
    return document


_instants = st.sampled_from(["0", "1e60", "-1e60", "1772323200", "253402300799.9"])
_plaintexts = (
    hostile.altered(_token_document()).map(hostile.encoded)
    | hostile.altered(_pending_document()).map(hostile.encoded)
    | hostile.json_bytes
    | st.none()
)


@st.composite
def _items(draw: st.DrawFn) -> Document:
    """An item as DynamoDB may give it: its attributes have their types, and any value."""
    item: Document = {
        "pk": {"S": draw(st.sampled_from(["token#0", "connection#a#b#c", "connection#a"]))},
        **{name: {"B": b"sealed"} for name in ("token", "wrapped_key")},
        **{name: {"B": b"sealed"} for name in ("consent", "consent_key")},
        **{name: {"B": b"sealed"} for name in ("pending_consent", "pending_key")},
        "ttl": {"N": draw(_instants)},
        "token_ttl": {"N": str(int((TOKEN.expires_at + token_items.TTL_MARGIN).timestamp()))},
    }
    for name in (
        "failure",
        "observed",
        "secret_generation",
        "lease_id",
        "consent_id",
        "pending_id",
    ):
        if draw(st.booleans()):
            item[name] = {"S": draw(hostile.texts | hostile.json_values.map(json.dumps))}
    for name in ("lease_done_at", "lease_deadline_at", "dies_at", "retry_at", "token_number"):
        if draw(st.booleans()):
            item[name] = {"N": draw(_instants)}
    return item


def _check_item(case: tuple[Document, bytes | None]) -> str:
    item, plaintext = case
    cipher: Any = _Cipher(plaintext)
    distrusted: list[str] = []

    def on_untrusted(_: str, reason: Distrust) -> None:
        distrusted.append(reason.value)

    token = token_items.TokenItemParser(cipher, on_untrusted).parse(item)
    connection = connection_items.ConnectionItemParser(cipher, cipher, on_untrusted).parse(item)
    state = credential_items.parse_state(item, on_untrusted)
    keeps_secret(distrusted, token, connection, state)
    if token.token is not None and token.spec is not None:
        _check_kinds(token.token, token.spec)
        return "token"
    if connection is not None:
        return "connection"
    return " ".join(sorted({*distrusted}))


def _check_kinds(token: AccessToken, spec: TokenSpec) -> None:
    """A wrong kind must not pass for a right one."""
    assert type(token.secret_generation) is str, "an epoch that is no text"
    assert type(token.forced) is type(token.repeated) is bool, "a flag that is none"
    assert all(type(scope) is str for scope in token.scopes | spec.scopes), "no scopes"
    assert all(type(resource) is str for resource in spec.resources), "no resources"
    for each in fields(TokenSpec):
        if each.name not in {"scopes", "resources"}:
            value = getattr(spec, each.name)
            assert value is None or type(value) is str, f"{each.name} is no text"


_SECRET = {"client_id": "our-client", "client_secret": hostile.MARKER, "private_key": "-----BEGIN"}


class _SecretsManager:
    """The part of a Secrets Manager client that reads one secret."""

    def __init__(self, text: str) -> None:
        self._text = text

    def describe_secret(self, **_: object) -> Document:
        tags = {DEPLOYMENT_TAG: "tokenvend", HOST_TAG: "login.acme.example"}
        return {"Tags": [{"Key": name, "Value": value} for name, value in tags.items()]}

    def get_secret_value(self, **_: object) -> Document:
        return {"SecretString": self._text, "VersionId": "1"}


def _check_secret(text: str) -> str:
    client: Any = _SecretsManager(text)
    store = SecretsManagerStore(client, prefix="tokenvend/", deployment="tokenvend")
    try:
        secret = store.read(DEFINITION_OF_OURS, None)
    except SecretUnusableError as error:
        keeps_secret(error)
        return "unusable"
    keeps_secret(secret)
    try:
        load_key(PrivateKey(Secret(text)))
    except SigningKeyUnusableError as error:
        keeps_secret(error)
    return "read"


DEFINITION_OF_OURS = parse_definition(_KINDS["definition"][0] | {"secret": None})

TARGETS = (
    FuzzTarget(
        name="registry-items",
        promise="a document is read strictly and comes back as it was, or counts as absent",
        inputs=_documents(),
        check=_check_registry,
    ),
    FuzzTarget(
        name="sealed-items",
        promise="an item never breaks its reader, and no wrong kind passes for a right one",
        inputs=st.tuples(_items(), _plaintexts),
        check=_check_item,
    ),
    FuzzTarget(
        name="secrets",
        promise="a secret of any text is read or unusable, and never quoted",
        inputs=hostile.altered(_SECRET).map(json.dumps)
        | hostile.secrets
        | hostile.json_bytes.map(lambda raw: raw.decode("latin-1")),
        check=_check_secret,
    ),
)
