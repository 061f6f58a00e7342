"""JOSE's forms of public keys (RFC 7517, RFC 7518 §6) and of signatures (RFC 7518 §3.4)."""

import hashlib
import json

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tokenvend.domain.signing import encode

type PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

_COORDINATE_BYTES = 32


def public_jwk(key: PublicKey) -> dict[str, str]:
    """The members that make the key, and no others."""
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    point = key.public_numbers()
    x, y = (value.to_bytes(_COORDINATE_BYTES) for value in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)}


def thumbprint(jwk: dict[str, str]) -> str:
    """A name for the key that both sides can work out (RFC 7638 §3)."""
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":"))
    return encode(hashlib.sha256(canonical.encode()).digest())


def raw_signature(der: bytes) -> bytes:
    """The two numbers of an ES256 signature side by side; KMS and libraries give them as ASN.1."""
    return b"".join(number.to_bytes(_COORDINATE_BYTES) for number in decode_dss_signature(der))


def _number(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8))
