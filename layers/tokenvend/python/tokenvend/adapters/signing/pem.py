"""Sign with a private key from a secret."""

from contextlib import suppress
from typing import TypeGuard

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tokenvend.adapters.signing.jwk import public_jwk, raw_signature, thumbprint
from tokenvend.domain.signing import PrivateKey, SigningAlgorithm
from tokenvend.ports import SigningKeyUnusableError

type KeyPair = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

#: The shortest RSA key that RFC 7518 §3.3 allows.
_RSA_BITS = 2048


def load_key(key: PrivateKey, algorithm: SigningAlgorithm | None = None) -> KeyPair:
    """Load the key from its PEM text. It must fit *algorithm*, or any if that is `None`.

    Raises:
        SigningKeyUnusableError: the text is no PEM key without a password, or the key does not
            fit *algorithm*.
    """
    loaded = _parse(key)
    if _is_rsa(loaded) and algorithm is not SigningAlgorithm.ES256:
        return loaded
    if _is_p256(loaded) and algorithm in {None, SigningAlgorithm.ES256}:
        return loaded
    wanted = algorithm.value if algorithm else "RS256, PS256 or ES256"
    raise SigningKeyUnusableError(
        f"The private key in the secret is not a PEM key without a password for {wanted}."
    )


def _parse(key: PrivateKey) -> object:
    # The parser's own error may quote the text, so it is not passed on.
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        return load_pem_private_key(key.pem.reveal().encode(), password=None)
    return None


def _is_rsa(key: object) -> TypeGuard[rsa.RSAPrivateKey]:
    return isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _RSA_BITS


def _is_p256(key: object) -> TypeGuard[ec.EllipticCurvePrivateKey]:
    return isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)


def sign_with_pem(key: PrivateKey, algorithm: SigningAlgorithm, message: bytes) -> bytes:
    """Sign *message*; return the signature in JOSE's form (RFC 7518 §3.3 to §3.5).

    Raises:
        SigningKeyUnusableError: as for `load_key`.
    """
    loaded = load_key(key, algorithm)
    if isinstance(loaded, ec.EllipticCurvePrivateKey):
        return raw_signature(loaded.sign(message, ec.ECDSA(SHA256())))
    if algorithm is SigningAlgorithm.PS256:
        return loaded.sign(message, PSS(MGF1(SHA256()), SHA256.digest_size), SHA256())
    return loaded.sign(message, PKCS1v15(), SHA256())


def key_id_of(key: PrivateKey) -> str:
    """Return the `kid` of a key without a configured one: its thumbprint (RFC 7638).

    Raises:
        SigningKeyUnusableError: as for `load_key`.
    """
    return thumbprint(public_jwk(load_key(key).public_key()))
