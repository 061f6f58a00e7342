"""Signed assertions: for client authentication (RFC 7523 §2.2) or as the grant (§2.1).

An assertion is built in three steps: `signing_input`, a signature over it, `client_assertion`. So
the signature can be made where the key is.
"""

import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tokenvend.domain import bounds
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import AwsIdentity, SigningAlgorithm, SigningKey, encode

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
#: RFC 7523 §2.2.
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class AssertionDraft:
    """An assertion before it is signed.

    `client_id` is its `iss`, `audience` its `aud` and `subject` its `sub`; `None`: the client
    itself. `claims` are further claims beside those of RFC 7523 §3. `certificate` is the key's
    certificate as PEM, if the provider identifies the key by it.
    """

    client_id: str
    audience: str
    algorithm: SigningAlgorithm
    key: SigningKey | AwsIdentity
    subject: str | None = field(default=None, repr=False)
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    lifetime: timedelta = bounds.ASSERTION_LIFETIME
    certificate: Secret | None = None


@dataclass(frozen=True, slots=True)
class GrantAssertion:
    """An assertion that is the grant of a token request (RFC 7523 §2.1), and its parameter.

    `parameter` is `None` if the assertion is sent in the header `Authorization` as a bearer token.
    """

    draft: AssertionDraft = field(repr=False)
    parameter: str | None


def signing_input(draft: AssertionDraft, *, key_id: str, now: datetime, jti: str) -> bytes:
    """Build the bytes to sign: header and claims (RFC 7515 §5.1, RFC 7523 §3).

    *jti* must be new each time, because a provider may accept an assertion only once.
    """
    header = {"alg": draft.algorithm.value, "typ": "JWT", "kid": key_id}
    if draft.certificate is not None:
        header["x5t#S256"] = certificate_thumbprint(draft.certificate)
    issued_at = int(now.timestamp())
    claims = {
        **draft.claims,
        "iss": draft.client_id,
        "sub": draft.client_id if draft.subject is None else draft.subject,
        "aud": draft.audience,
        "jti": jti,
        "iat": issued_at,
        "exp": issued_at + int(draft.lifetime.total_seconds()),
    }
    return f"{_encode_json(header)}.{_encode_json(claims)}".encode()


def certificate_thumbprint(pem: Secret) -> str:
    """Return the SHA-256 thumbprint of the first certificate in *pem* (RFC 7515 §4.1.8).

    Raises:
        CredentialNotReadyError: *pem* has no certificate.
    """
    match = _PEM.search(pem.reveal())
    with suppress(ValueError):
        if match is not None:
            der = b64decode("".join(match[1].split()), validate=True)
            return encode(hashlib.sha256(der).digest())
    raise CredentialNotReadyError(
        "The certificate in the secret is not in PEM form.", rule="assertion.key"
    )


def client_assertion(signed: bytes, signature: bytes) -> Secret:
    """Join the signing input and the signature in the compact form (RFC 7515 §7.1).

    Until it expires, it must be protected like a client secret.
    """
    return Secret(f"{signed.decode()}.{encode(signature)}")


def _encode_json(document: Mapping[str, object]) -> str:
    return encode(json.dumps(document, separators=(",", ":")).encode())
