"""Sign with a credential's key, in KMS or from a secret."""

from typing import assert_never

from tokenvend.adapters.signing.kms import KmsSigner
from tokenvend.adapters.signing.pem import key_id_of, sign_with_pem
from tokenvend.domain.signing import (
    KmsKey,
    PrivateKey,
    SigningAlgorithm,
    SigningKey,
)


class Signer:
    """`ports.AssertionSigner` on KMS keys, and on private keys from a secret."""

    def __init__(self, kms: KmsSigner) -> None:
        self._kms = kms

    def key_id(self, key: SigningKey) -> str:
        """See `ports.AssertionSigner`."""
        return key.key_id or key_id_of(key) if isinstance(key, PrivateKey) else key.key_id

    def sign(self, key: SigningKey, algorithm: SigningAlgorithm, message: bytes) -> bytes:
        """See `ports.AssertionSigner`."""
        match key:
            case KmsKey():
                return self._kms.sign(key, algorithm, message)
            case PrivateKey():
                return sign_with_pem(key, algorithm, message)
            case unreachable:
                assert_never(unreachable)
