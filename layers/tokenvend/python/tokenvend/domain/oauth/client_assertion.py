"""Client authentication by a signed assertion, `private_key_jwt` (RFC 7523 §2.2 and §3).

The assertion is built in three steps, so that the one in the middle, which signs, may happen
where the key is: `signing_input`, a signature over it, `client_assertion`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tokenvend.domain import bounds
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import SigningAlgorithm, SigningKey, encode

#: RFC 7523 §2.2.
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class AssertionDraft:
    """An assertion that is yet to be signed. `audience` is whom it is meant for."""

    client_id: str
    audience: str
    algorithm: SigningAlgorithm
    key: SigningKey


def signing_input(draft: AssertionDraft, *, key_id: str, now: datetime, jti: str) -> bytes:
    """What is signed: header and claims (RFC 7515 §5.1, RFC 7523 §3).

    *jti* must be new each time: a provider takes each assertion once.
    """
    header = {"alg": draft.algorithm.value, "typ": "JWT", "kid": key_id}
    issued_at = int(now.timestamp())
    claims = {
        "iss": draft.client_id,
        "sub": draft.client_id,
        "aud": draft.audience,
        "jti": jti,
        "iat": issued_at,
        "exp": issued_at + int(bounds.ASSERTION_LIFETIME.total_seconds()),
    }
    return f"{_encode_json(header)}.{_encode_json(claims)}".encode()


def client_assertion(signed: bytes, signature: bytes) -> Secret:
    """The compact form (RFC 7515 §7.1). Until it expires it is as good as a client secret."""
    return Secret(f"{signed.decode()}.{encode(signature)}")


def _encode_json(document: Mapping[str, object]) -> str:
    return encode(json.dumps(document, separators=(",", ":")).encode())
