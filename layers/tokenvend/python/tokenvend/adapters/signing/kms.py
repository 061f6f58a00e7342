"""Sign with a key pair in KMS, and read the pair's public half."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tokenvend.adapters.aws_errors import error_code, store_errors
from tokenvend.adapters.signing.jwk import PublicKey, public_jwk, raw_signature
from tokenvend.domain.signing import KmsKey, PublishedKey, SigningAlgorithm
from tokenvend.ports import SigningKeyUnusableError

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_kms.literals import SigningAlgorithmSpecType

_ALGORITHMS: dict[SigningAlgorithm, "SigningAlgorithmSpecType"] = {
    SigningAlgorithm.RS256: "RSASSA_PKCS1_V1_5_SHA_256",
    SigningAlgorithm.PS256: "RSASSA_PSS_SHA_256",
    SigningAlgorithm.ES256: "ECDSA_SHA_256",
}
#: The reason why a key is unusable, by KMS's error code.
_REASONS = {
    "AccessDeniedException": (
        "may not be used: it needs the tag tokenvend:deployment, and a policy that admits tokenvend"
    ),
    "DisabledException": "is disabled",
    "InvalidKeyUsageException": "does not sign with the algorithm of its credential",
    "KMSInvalidStateException": "is disabled or is being deleted",
    "NotFoundException": "does not exist in this region",
    "UnsupportedOperationException": "is not a key pair",
    "ValidationException": "does not sign with the algorithm of its credential",
}


class KmsSigner:
    """Signs with keys that never leave KMS."""

    def __init__(self, client: "KMSClient") -> None:
        self._client = client

    def sign(self, key: KmsKey, algorithm: SigningAlgorithm, message: bytes) -> bytes:
        """Sign *message*; return the signature in JOSE's form (RFC 7518 §3).

        Raises:
            SigningKeyUnusableError: the key is missing, not ours, or not for *algorithm*.
            StoreAwayError: KMS does not answer.
        """
        with _key_errors("kms:Sign", key):
            answer = self._client.sign(
                KeyId=key.arn,
                Message=hashlib.sha256(message).digest(),
                MessageType="DIGEST",
                SigningAlgorithm=_ALGORITHMS[algorithm],
            )
        signature = answer["Signature"]
        return raw_signature(signature) if algorithm is SigningAlgorithm.ES256 else signature


class KmsPublicKeys:
    """`ports.PublicKeys` on KMS."""

    def __init__(self, client: "KMSClient") -> None:
        self._client = client

    def read(self, key: PublishedKey) -> dict[str, str]:
        """See `ports.PublicKeys`."""
        pair = KmsKey(key.arn)
        jwk = public_jwk(self._public_key(pair))
        return jwk | {"kid": pair.key_id, "alg": key.algorithm.value, "use": "sig"}

    def _public_key(self, key: KmsKey) -> PublicKey:
        with _key_errors("kms:GetPublicKey", key):
            answer = self._client.get_public_key(KeyId=key.arn)
        loaded = load_der_public_key(answer["PublicKey"])
        if isinstance(loaded, rsa.RSAPublicKey):
            return loaded
        if isinstance(loaded, ec.EllipticCurvePublicKey) and isinstance(loaded.curve, ec.SECP256R1):
            return loaded
        raise _unusable(key, "is neither an RSA key nor one on P-256")


@contextmanager
def _key_errors(what: str, key: KmsKey) -> Iterator[None]:
    with store_errors(what):
        try:
            yield
        except ClientError as error:
            reason = _REASONS.get(error_code(error))
            if reason is None:
                raise
            raise _unusable(key, reason) from None


def _unusable(key: KmsKey, reason: str) -> SigningKeyUnusableError:
    return SigningKeyUnusableError(f"The key {key.arn.rpartition('/')[2]} {reason}.")
