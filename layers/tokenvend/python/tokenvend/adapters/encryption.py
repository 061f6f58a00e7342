"""Envelope encryption of stored items: AES-256-GCM under a KMS data key.

    KMS key ──wraps──► one data key per UTC day and logical table ──encrypts──► items

The wrapped data key stands in every item it encrypted, so an item can be read wherever it
is, and today's is shared through the tokens table, so that all environments use one. Each
environment unwraps a wrapped key once: reading an item is not a KMS call.

    ciphertext = schema (1 byte) + nonce (12 bytes) + AES-GCM output (16 bytes more than the text)
"""

import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tokenvend.adapters.aws_errors import error_code, store_errors
from tokenvend.domain.untrusted import Distrust, OnUntrusted
from tokenvend.ports import KeyAwayError, StoreAwayError, StoreThrottledError

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

SCHEMA = 1
_NONCE_BYTES = 12
_TAG_BYTES = 16
#: More than KMS would take as a `CiphertextBlob` cannot be a wrapped key of ours.
_WRAPPED_KEY_BYTES = 6_144
#: The days in sight of one environment: today's, and those of items not yet replaced.
_UNWRAPPED_KEYS = 64

_NOT_OURS = frozenset({"IncorrectKeyException", "InvalidCiphertextException"})


@contextmanager
def _key_errors(what: str) -> Iterator[None]:
    """As `store_errors`, but it is the key that is away, whatever the tables say."""
    try:
        with store_errors(what):
            yield
    except StoreThrottledError:
        raise
    except StoreAwayError as error:
        raise KeyAwayError(str(error)) from None


class UntrustedItemError(Exception):
    """A stored item is not what `seal` made for its place: `reason` says how that was seen."""

    def __init__(self, reason: Distrust) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted item, and the wrapped key that opens it."""

    ciphertext: bytes
    wrapped_key: bytes


class DataKeys(Protocol):
    """Today's data key, shared among environments."""

    def find(self, day: str) -> bytes | None:
        """The wrapped key that everyone uses on *day* (`yyyy-mm-dd`), if there is one yet.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def offer(self, day: str, wrapped_key: bytes) -> bytes:
        """Propose a key for *day*; the one that everyone will use comes back.

        Raises:
            StoreAwayError: the table does not answer.
        """


class EnvelopeCipher:
    """Seals and opens the items of one logical table of one deployment.

    *logical_table* is the table's role, not its name: a restore gets a new name.
    *on_untrusted* is told of a shared data key that cannot be used.
    """

    def __init__(
        self,
        kms: "KMSClient",
        data_keys: DataKeys,
        *,
        key_arn: str,
        deployment: str,
        logical_table: str,
        on_untrusted: OnUntrusted,
    ) -> None:
        self._kms = kms
        self._data_keys = data_keys
        self._key_arn = key_arn
        self._deployment = deployment
        self._logical_table = logical_table
        self._on_untrusted = on_untrusted
        self._unwrapped: OrderedDict[bytes, AESGCM] = OrderedDict()
        self._today: tuple[str, bytes] | None = None

    def seal(self, item_key: str, plaintext: bytes, *, now: datetime) -> Sealed:
        """Encrypt *plaintext* so that it can only be read as the item *item_key* of this table.

        Raises:
            StoreAwayError: no data key could be had.
        """
        wrapped_key = self._wrapped_key_of_day(now.strftime("%Y-%m-%d"))
        nonce = os.urandom(_NONCE_BYTES)
        body = self._cipher(wrapped_key).encrypt(nonce, plaintext, self._bound_to(item_key))
        return Sealed(bytes([SCHEMA]) + nonce + body, wrapped_key)

    def open(self, item_key: str, sealed: Sealed) -> bytes:
        """The plaintext of the item *item_key*.

        Raises:
            UntrustedItemError: it is not what `seal` made for this key, table and deployment.
            StoreAwayError: KMS did not answer.
        """
        schema, rest = sealed.ciphertext[:1], sealed.ciphertext[1:]
        if schema != bytes([SCHEMA]):
            raise UntrustedItemError(Distrust.UNKNOWN_SCHEMA)
        nonce, body = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        if len(body) < _TAG_BYTES:
            raise UntrustedItemError(Distrust.NOT_AUTHENTIC)
        cipher = self._cipher(sealed.wrapped_key)
        try:
            return cipher.decrypt(nonce, body, self._bound_to(item_key))
        except InvalidTag:
            raise UntrustedItemError(Distrust.NOT_AUTHENTIC) from None

    def _bound_to(self, item_key: str) -> bytes:
        return additional_data(self._deployment, self._logical_table, item_key, SCHEMA)

    def _context(self) -> dict[str, str]:
        return {
            "tokenvend:deployment": self._deployment,
            "tokenvend:table": self._logical_table,
        }

    def _wrapped_key_of_day(self, day: str) -> bytes:
        if self._today is None or self._today[0] != day:
            self._today = (day, self._agree_on_key(day))
        return self._today[1]

    def _agree_on_key(self, day: str) -> bytes:
        shared = self._data_keys.find(day)
        if shared is None:
            shared = self._data_keys.offer(day, self._make_key())
        try:
            self._cipher(shared)
        except UntrustedItemError as error:
            # Somebody altered the shared key. Ours is as good: each item carries its own.
            self._on_untrusted(f"datakey#{self._logical_table}#{day}", error.reason)
            return self._make_key()
        return shared

    def _make_key(self) -> bytes:
        with _key_errors("kms:GenerateDataKey"):
            made = self._kms.generate_data_key(
                KeyId=self._key_arn, KeySpec="AES_256", EncryptionContext=self._context()
            )
        self._keep(made["CiphertextBlob"], made["Plaintext"])
        return made["CiphertextBlob"]

    def _cipher(self, wrapped_key: bytes) -> AESGCM:
        name = hashlib.sha256(wrapped_key).digest()
        known = self._unwrapped.get(name)
        if known is not None:
            self._unwrapped.move_to_end(name)
            return known
        return self._keep(wrapped_key, self._unwrap(wrapped_key))

    def _unwrap(self, wrapped_key: bytes) -> bytes:
        if not 0 < len(wrapped_key) <= _WRAPPED_KEY_BYTES:
            raise UntrustedItemError(Distrust.NOT_AUTHENTIC)
        with _key_errors("kms:Decrypt"):
            try:
                answer = self._kms.decrypt(
                    CiphertextBlob=wrapped_key,
                    KeyId=self._key_arn,
                    EncryptionContext=self._context(),
                )
            except ClientError as error:
                if error_code(error) in _NOT_OURS:
                    raise UntrustedItemError(Distrust.NOT_AUTHENTIC) from None
                raise
        return answer["Plaintext"]

    def _keep(self, wrapped_key: bytes, plaintext: bytes) -> AESGCM:
        cipher = AESGCM(plaintext)
        self._unwrapped[hashlib.sha256(wrapped_key).digest()] = cipher
        if len(self._unwrapped) > _UNWRAPPED_KEYS:
            self._unwrapped.popitem(last=False)
        return cipher


def additional_data(deployment: str, logical_table: str, item_key: str, schema: int) -> bytes:
    """What a ciphertext is bound to. JSON keeps the parts apart whatever they hold."""
    parts = [deployment, logical_table, item_key, schema]
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
