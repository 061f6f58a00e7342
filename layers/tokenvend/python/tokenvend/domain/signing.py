"""Keys that sign a client's assertions, and their algorithms."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from enum import StrEnum

from tokenvend.domain.secret import Secret


class SigningAlgorithm(StrEnum):
    """How an assertion is signed (RFC 7518 §3.1)."""

    RS256 = "RS256"
    PS256 = "PS256"
    ES256 = "ES256"


@dataclass(frozen=True, slots=True)
class KmsKey:
    """A key pair in KMS. Its private half never leaves KMS."""

    arn: str

    @property
    def key_id(self) -> str:
        """The `kid`: a hash of the ARN, so that it reveals neither the account nor the key's id."""
        return encode(hashlib.sha256(self.arn.encode()).digest()[:16])


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key pair in KMS whose public half is published, for one algorithm."""

    arn: str
    algorithm: SigningAlgorithm


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key as PEM text, and the `kid` that the provider gave it, if it did."""

    pem: Secret
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class AwsIdentity:
    """In place of a key: AWS signs a token of the function's role (STS GetWebIdentityToken)."""


type SigningKey = KmsKey | PrivateKey


def encode(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()
