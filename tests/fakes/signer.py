"""Key pairs in memory."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tokenvend.adapters.signing.pem import key_id_of, sign_with_pem
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import PrivateKey, SigningAlgorithm, SigningKey
from tokenvend.ports import SigningKeyUnusableError, StoreAwayError

type KeyPair = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def new_pair(algorithm: SigningAlgorithm) -> KeyPair:
    """A new key pair for *algorithm*."""
    if algorithm is SigningAlgorithm.ES256:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(pair: KeyPair) -> Secret:
    """Its private half as PEM text."""
    text = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Secret(text.decode())


@dataclass
class FakeSigner:
    """`ports.AssertionSigner`: `pairs` stands for KMS."""

    pairs: dict[str, KeyPair] = field(default_factory=dict)
    is_away: bool = False
    signed: list[bytes] = field(default_factory=list)

    def key_id(self, key: SigningKey) -> str:
        return (key.key_id or key_id_of(key)) if isinstance(key, PrivateKey) else key.key_id

    def sign(self, key: SigningKey, algorithm: SigningAlgorithm, message: bytes) -> bytes:
        if self.is_away:
            raise StoreAwayError("KMS does not answer")
        self.signed.append(message)
        return sign_with_pem(self._private(key), algorithm, message)

    def _private(self, key: SigningKey) -> PrivateKey:
        if isinstance(key, PrivateKey):
            return key
        if key.arn not in self.pairs:
            raise SigningKeyUnusableError("The key does not exist.")
        return PrivateKey(pem_of(self.pairs[key.arn]))
