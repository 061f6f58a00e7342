"""Signatures of JWTs, verified by joserfc (RFC 7515)."""

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
    """joserfc's, for headers that are as long as a certificate makes them."""

    max_header_length = bounds.SUBJECT_TOKEN_BYTES


class JoserfcVerifier:
    """`ports.workloads.SignatureVerifier` on joserfc.

    It is given one key and one algorithm, so that nothing in the token can choose either.
    """

    def is_signed_by(self, token: Secret, key: Jwk, *, algorithm: str) -> bool:
        """See `ports.workloads.SignatureVerifier`."""
        try:
            verifier = import_key(_public_members(key))
            registry = _Registry(algorithms=[algorithm], strict_check_header=False)
            with warnings.catch_warnings():
                # `EdDSA` does not say which curve (RFC 9864); the key that was chosen does.
                warnings.simplefilter("ignore", SecurityWarning)
                deserialize_compact(token.reveal(), verifier, registry=registry)
        except (JoseError, UnsupportedAlgorithm, LookupError, ValueError, TypeError):
            # Whatever is wrong with it: its text could quote the token.
            return False
        return True


def _public_members(key: Jwk) -> dict[str, str | list[str]]:
    """The public key alone: whether it may verify has been judged already."""
    found = {name: key.get(name) for name in _PUBLIC_MEMBERS}
    return {name: value for name, value in found.items() if isinstance(value, str)}
