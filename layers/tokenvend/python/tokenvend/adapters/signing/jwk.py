"""Convert public keys (RFC 7517, RFC 7518 §6) and signatures (RFC 7518 §3.4) to JOSE's forms."""

import hashlib
import json

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tokenvend.domain.signing import encode

type PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

_COORDINATE_BYTES = 32


def public_jwk(key: PublicKey) -> dict[str, str]:
    """Return *key* as a JSON Web Key with the required members only (RFC 7518 §6).

    An elliptic-curve key must be on P-256.
    """
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    point = key.public_numbers()
    x, y = (value.to_bytes(_COORDINATE_BYTES) for value in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)}


def thumbprint(jwk: dict[str, str]) -> str:
    """Return the thumbprint of *jwk*, which both sides can compute (RFC 7638 §3).

    *jwk* must have the required members only.
    """
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":"))
    return encode(hashlib.sha256(canonical.encode()).digest())


def raw_signature(der: bytes) -> bytes:
    """Convert an ES256 signature from ASN.1, as KMS and libraries give it, to R and S joined."""
    return b"".join(number.to_bytes(_COORDINATE_BYTES) for number in decode_dss_signature(der))


def _number(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8))
