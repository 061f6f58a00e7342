"""Select the public key that verifies a token (RFC 7517, RFC 7518 §3.1, RFC 9864)."""

from base64 import urlsafe_b64decode
from collections.abc import Iterable

from tokenvend.domain import bounds
from tokenvend.domain.workload.issuer import Jwk

#: The supported algorithms: asymmetric ones, so that the key that verifies cannot sign. Each with
#: its key type (`kty`), and its curve (`crv`) if it has one.
ASYMMETRIC: dict[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "RS512": ("RSA", None),
    "PS256": ("RSA", None),
    "PS384": ("RSA", None),
    "PS512": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
#: Members of a JWK that only the key's owner may have (RFC 7518 §6).
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
#: Values of `use` for keys that sign JWTs: RFC 7517 §4.2, and §4.2.2 of SPIFFE Trust Domain and
#: Bundle, whose `x509-svid` marks keys of certificates.
_SIGNING_USES = frozenset({"sig", "jwt-svid"})
_RSA_BITS = range(2048, 8192 + 1)


def usable_keys(keys: Iterable[object]) -> tuple[Jwk, ...]:
    """Return those of *keys* that fit a supported algorithm; at most `bounds.ISSUER_KEYS`."""
    found = [key for key in keys if isinstance(key, dict) and _is_usable(key)]
    return tuple(found[: bounds.ISSUER_KEYS])


def key_for(keys: Iterable[Jwk], *, key_id: str | None, algorithm: str) -> Jwk | None:
    """Return the only key that fits *key_id* and *algorithm*; `None` if none or several fit.

    A token without a `kid` is verified only if a single key fits. Keys are never tried in turn.
    """
    fitting = [
        key
        for key in keys
        if (key_id is None or key.get("kid") == key_id) and _fits(key, algorithm)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _is_usable(key: Jwk) -> bool:
    return any(_fits(key, algorithm) for algorithm in ASYMMETRIC)


def _fits(key: Jwk, algorithm: str) -> bool:
    """Whether *key* may verify what is signed by *algorithm*."""
    if algorithm not in ASYMMETRIC or key.get("alg", algorithm) != algorithm:
        return False
    if not _signs_tokens(key.get("use", "sig")) or not _may_verify(key.get("key_ops", ["verify"])):
        return False
    kind, curve = ASYMMETRIC[algorithm]
    if key.get("kty") != kind or (curve is not None and key.get("crv") != curve):
        return False
    return kind != "RSA" or _modulus_bits(key) in _RSA_BITS


def _signs_tokens(use: object) -> bool:
    return isinstance(use, str) and use in _SIGNING_USES


def _may_verify(operations: object) -> bool:
    return isinstance(operations, list) and "verify" in operations


def _modulus_bits(key: Jwk) -> int:
    modulus = key.get("n")
    if not isinstance(modulus, str):
        return 0
    try:
        raw = urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4))
    except ValueError:
        return 0
    return int.from_bytes(raw).bit_length()
