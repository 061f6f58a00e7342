"""Verify signatures of JWTs with joserfc (RFC 7515)."""

import warnings

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import import_key
from joserfc.jws import JWSRegistry, deserialize_compact

from tokenvend.domain import bounds
from tokenvend.domain.secret import Secret
from tokenvend.domain.workload.issuer import Jwk

_PUBLIC_MEMBERS = ("kty", "n", "e", "crv", "x", "y")


class _Registry(JWSRegistry):
    """joserfc's registry, with room for headers that hold a certificate."""

    max_header_length = bounds.SUBJECT_TOKEN_BYTES


class JoserfcVerifier:
    """`ports.workloads.SignatureVerifier` on joserfc.

    The caller passes one key and one algorithm, so the token cannot choose either.
    """

    def is_signed_by(self, token: Secret, key: Jwk, *, algorithm: str) -> bool:
        """See `ports.workloads.SignatureVerifier`."""
        try:
            verifier = import_key(_public_members(key))
            registry = _Registry(algorithms=[algorithm], strict_check_header=False)
            with warnings.catch_warnings():
                # joserfc warns that `EdDSA` names no curve (RFC 9864); here the key determines it.
                warnings.simplefilter("ignore", SecurityWarning)
                deserialize_compact(token.reveal(), verifier, registry=registry)
        except (JoseError, UnsupportedAlgorithm, LookupError, ValueError, TypeError):
            # The error is not passed on: its text could quote the token.
            return False
        return True


def _public_members(key: Jwk) -> dict[str, str | list[str]]:
    """Return the members of the public key only.

    The others, such as `use` and `key_ops`, have been checked by `domain.workload.keys`.
    """
    found = {name: key.get(name) for name in _PUBLIC_MEMBERS}
    return {name: value for name, value in found.items() if isinstance(value, str)}
