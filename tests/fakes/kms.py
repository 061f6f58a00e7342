"""A key in KMS, and today's data keys, in memory."""

# ruff: noqa: N803 - the parameters have the names that KMS gives them
import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_ARN = "arn:aws:kms:eu-central-1:111122223333:key/mrk-00000000000000000000000000000001"


class FakeKms:
    """The two calls of KMS that the cipher makes, with KMS's checks: context, key, integrity.

    ministack does not notice an altered blob, so the tests of alteration need this one.
    """

    def __init__(self) -> None:
        self._master = AESGCM(AESGCM.generate_key(256))
        self.calls: Counter[str] = Counter()
        self.contexts: list[dict[str, str]] = []
        self.fails_with: Exception | None = None

    def generate_data_key(
        self, *, KeyId: str, KeySpec: str, EncryptionContext: dict[str, str]
    ) -> dict[str, Any]:
        self._count("GenerateDataKey", EncryptionContext)
        if KeySpec != "AES_256":
            raise AssertionError(f"AES-256 wants AES_256, not {KeySpec}")
        plaintext, nonce = os.urandom(32), os.urandom(12)
        wrapped = nonce + self._master.encrypt(nonce, plaintext, _bound(KeyId, EncryptionContext))
        return {"Plaintext": plaintext, "CiphertextBlob": wrapped}

    def decrypt(
        self, *, CiphertextBlob: bytes, KeyId: str, EncryptionContext: dict[str, str]
    ) -> dict[str, Any]:
        self._count("Decrypt", EncryptionContext)
        nonce, body = CiphertextBlob[:12], CiphertextBlob[12:]
        try:
            plaintext = self._master.decrypt(nonce, body, _bound(KeyId, EncryptionContext))
        except (InvalidTag, ValueError):
            raise client_error("InvalidCiphertextException", "Decrypt", status=400) from None
        return {"Plaintext": plaintext}

    def _count(self, operation: str, context: dict[str, str]) -> None:
        self.calls[operation] += 1
        self.contexts.append(context)
        if self.fails_with is not None:
            raise self.fails_with


@dataclass
class InMemoryDataKeys:
    """`encryption.DataKeys` in a dictionary."""

    keys: dict[str, bytes] = field(default_factory=dict)

    def find(self, day: str) -> bytes | None:
        return self.keys.get(day)

    def offer(self, day: str, wrapped_key: bytes) -> bytes:
        return self.keys.setdefault(day, wrapped_key)


def client_error(code: str, operation: str, *, status: int) -> ClientError:
    """AWS's answer with *code*, as botocore raises it."""
    return ClientError(
        {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        operation,
    )


def unreachable() -> EndpointConnectionError:
    """What botocore raises when nobody listens."""
    return EndpointConnectionError(endpoint_url="https://kms.example.com")


def _bound(key_id: str, context: dict[str, str]) -> bytes:
    return repr((key_id, sorted(context.items()))).encode()
