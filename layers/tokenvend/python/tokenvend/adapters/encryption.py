"""Envelope encryption of stored items: AES-256-GCM under a KMS data key.

    KMS key ──wraps──► one data key per UTC day and logical table ──encrypts──► items

The wrapped data key stands in every item it encrypted, so an item can be read wherever it
is, and today's is shared through the tokens table, so that all environments use one. Each
environment unwraps a wrapped key once: reading an item is not a KMS call.
"""

import hashlib
import json
import os
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tokenvend.adapters.aws_errors import store_errors

SCHEMA = 1
_NONCE_BYTES = 12
_TAG_BYTES = 16
_UNWRAPPED_KEPT = 64


class NotAuthenticError(Exception):
    """The item was altered, moved, or made by another deployment."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted item: nonce and ciphertext in one, and the wrapped key that opens it."""

    ciphertext: bytes
    wrapped_key: bytes


class DataKeys(Protocol):
    """Today's data key, shared among environments."""

    def find(self, day: str) -> bytes | None:
        """The wrapped key that everyone uses on *day*, if there is one yet."""

    def offer(self, day: str, wrapped_key: bytes) -> bytes:
        """Propose a key for *day*; the one that everyone will use comes back."""


class EnvelopeCipher:
    """Seals and opens the items of one logical table of one deployment.

    *logical_table* is the table's role, not its name: a restore gets a new name.
    """

    def __init__(
        self,
        kms: Any,
        data_keys: DataKeys,
        *,
        key_arn: str,
        deployment: str,
        logical_table: str,
    ) -> None:
        self._kms = kms
        self._data_keys = data_keys
        self._key_arn = key_arn
        self._deployment = deployment
        self._logical_table = logical_table
        self._unwrapped: OrderedDict[str, AESGCM] = OrderedDict()
        self._today: tuple[str, bytes] | None = None

    def seal(self, item_key: str, plaintext: bytes, *, now: datetime) -> Sealed:
        """Encrypt *plaintext* so that it can only be read as the item *item_key* of this table.

        Raises:
            StoreAwayError: no data key could be had.
        """
        wrapped_key = self._wrapped_key_of_day(now.strftime("%Y-%m-%d"))
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher(wrapped_key).encrypt(nonce, plaintext, self._bound_to(item_key))
        return Sealed(nonce + sealed, wrapped_key)

    def open(self, item_key: str, sealed: Sealed) -> bytes:
        """The plaintext of the item *item_key*.

        Raises:
            NotAuthenticError: it is not what `seal` made for this key, table and deployment.
            StoreAwayError: KMS did not answer.
        """
        nonce, body = sealed.ciphertext[:_NONCE_BYTES], sealed.ciphertext[_NONCE_BYTES:]
        if len(body) < _TAG_BYTES:
            raise NotAuthenticError
        try:
            return self._cipher(sealed.wrapped_key).decrypt(nonce, body, self._bound_to(item_key))
        except InvalidTag:
            raise NotAuthenticError from None

    def _bound_to(self, item_key: str) -> bytes:
        # JSON keeps the parts apart whatever they hold.
        return json.dumps([self._deployment, self._logical_table, item_key, SCHEMA]).encode()

    def _context(self) -> dict[str, str]:
        return {
            "tokenvend:deployment": self._deployment,
            "tokenvend:table": self._logical_table,
        }

    def _wrapped_key_of_day(self, day: str) -> bytes:
        if self._today is None or self._today[0] != day:
            self._today = (day, self._data_keys.find(day) or self._make_key(day))
        return self._today[1]

    def _make_key(self, day: str) -> bytes:
        with store_errors("kms:GenerateDataKey"):
            made = self._kms.generate_data_key(
                KeyId=self._key_arn, KeySpec="AES_256", EncryptionContext=self._context()
            )
        self._keep(made["CiphertextBlob"], made["Plaintext"])
        return self._data_keys.offer(day, made["CiphertextBlob"])

    def _cipher(self, wrapped_key: bytes) -> AESGCM:
        name = hashlib.sha256(wrapped_key).hexdigest()
        known = self._unwrapped.get(name)
        if known is not None:
            self._unwrapped.move_to_end(name)
            return known
        return self._keep(wrapped_key, self._unwrap(wrapped_key))

    def _unwrap(self, wrapped_key: bytes) -> bytes:
        from botocore.exceptions import ClientError

        from tokenvend.adapters.aws_errors import error_code

        with store_errors("kms:Decrypt"):
            try:
                answer = self._kms.decrypt(
                    CiphertextBlob=wrapped_key,
                    KeyId=self._key_arn,
                    EncryptionContext=self._context(),
                )
            except ClientError as error:
                if error_code(error) in {"InvalidCiphertextException", "IncorrectKeyException"}:
                    raise NotAuthenticError from None
                raise
        plaintext: bytes = answer["Plaintext"]
        return plaintext

    def _keep(self, wrapped_key: bytes, plaintext: bytes) -> AESGCM:
        cipher = AESGCM(plaintext)
        self._unwrapped[hashlib.sha256(wrapped_key).hexdigest()] = cipher
        if len(self._unwrapped) > _UNWRAPPED_KEPT:
            self._unwrapped.popitem(last=False)
        return cipher
