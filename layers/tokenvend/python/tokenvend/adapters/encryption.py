"""Envelope encryption of stored items: AES-256-GCM under a KMS data key.

    KMS key ──wraps──► one data key per UTC day and logical table ──encrypts──► items

Each item holds the wrapped data key that encrypted it, so it can be read without another item.
The data key of the current day is shared through the tokens table, so that all environments use
the same. Each environment unwraps a key once and remembers it, so most reads need no KMS call.

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
#: The most bytes that KMS accepts as a `CiphertextBlob`; a longer value is no wrapped key.
_WRAPPED_KEY_BYTES = 6_144
#: The most unwrapped data keys that an environment remembers: one for each day of its items.
_UNWRAPPED_KEYS = 64

_NOT_OURS = frozenset({"IncorrectKeyException", "InvalidCiphertextException"})


@contextmanager
def _key_errors(what: str) -> Iterator[None]:
    """Translate errors as `store_errors` does, but an outage into KeyAwayError."""
    try:
        with store_errors(what):
            yield
    except StoreThrottledError:
        raise
    except StoreAwayError as error:
        raise KeyAwayError(str(error)) from None


class UntrustedItemError(Exception):
    """A stored item is not what `seal` made for this key; `reason` is how that was detected."""

    def __init__(self, reason: Distrust) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted item, and the wrapped data key that decrypts it."""

    ciphertext: bytes
    wrapped_key: bytes


class DataKeys(Protocol):
    """Stores the data key of each day, which all environments share."""

    def find(self, day: str) -> bytes | None:
        """Return the wrapped key of *day* (`yyyy-mm-dd`, UTC); `None` if none is stored yet.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def offer(self, day: str, wrapped_key: bytes) -> bytes:
        """Store *wrapped_key* for *day* unless one is stored; return the one that is stored then.

        Raises:
            StoreAwayError: the table does not answer.
        """


class EnvelopeCipher:
    """Encrypts and decrypts the items of one logical table of one deployment.

    *logical_table* is the table's role and not its name, because a restored table has a new name.
    *on_untrusted* is called with a shared data key that cannot be used.
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
        """Encrypt *plaintext* so that it can be decrypted only as the item *item_key* of the table.

        Raises:
            StoreAwayError: no data key is available.
        """
        wrapped_key = self._wrapped_key_of_day(now.strftime("%Y-%m-%d"))
        nonce = os.urandom(_NONCE_BYTES)
        body = self._cipher(wrapped_key).encrypt(nonce, plaintext, self._bound_to(item_key))
        return Sealed(bytes([SCHEMA]) + nonce + body, wrapped_key)

    def open(self, item_key: str, sealed: Sealed) -> bytes:
        """Decrypt the item *item_key*.

        Raises:
            UntrustedItemError: *sealed* is not what `seal` made for this key, table and deployment.
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
            # Somebody altered the shared key. A key of our own works too: each item holds its key.
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
    """Build the additional authenticated data, which binds a ciphertext to its item.

    It is JSON, so that no two lists of parts give the same bytes.
    """
    parts = [deployment, logical_table, item_key, schema]
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
