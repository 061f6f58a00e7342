"""The items with sealed parts: tokens, connections and the state of secrets."""

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from hypothesis import strategies as st
from tests.adapters.connection_samples import CONNECTION, pending
from tests.adapters.samples import SPEC, TOKEN
from tests.fakes.clock import START

from fuzzing import hostile
from fuzzing.target import FuzzTarget, keeps_secret
from tokenvend.adapters.dynamodb import connection_items, credential_items, token_items
from tokenvend.adapters.encryption import Sealed, UntrustedItemError
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.token import AccessToken
from tokenvend.domain.untrusted import Distrust

type Document = dict[str, Any]


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
    for name in ("lease_done_at", "lease_deadline_at", "deadline_at", "retry_at", "token_number"):
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
    assert type(token.secret_generation) is str, "a secret generation that is no text"
    assert type(token.forced) is type(token.repeated) is bool, "a flag that is none"
    assert all(type(scope) is str for scope in token.scopes | spec.scopes), "no scopes"
    assert all(type(resource) is str for resource in spec.resources), "no resources"
    for each in fields(TokenSpec):
        if each.name not in {"scopes", "resources"}:
            value = getattr(spec, each.name)
            assert value is None or type(value) is str, f"{each.name} is no text"


TARGETS = (
    FuzzTarget(
        name="sealed-items",
        promise="an item never breaks its reader, and no wrong kind passes for a right one",
        inputs=st.tuples(_items(), _plaintexts),
        check=_check_item,
    ),
)
