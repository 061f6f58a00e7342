"""Signed assertions: `private_key_jwt` proves a client (RFC 7523 §2.2), or one is the grant (§2.1).

An assertion is built in three steps, so that the one in the middle, which signs, may happen
where the key is: `signing_input`, a signature over it, `client_assertion`.
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
    """An assertion that is yet to be signed. `audience` is whom it is meant for.

    `client_id` issues it. `subject` is whom it speaks of, `None`: the client itself. `claims` are
    said beside those that RFC 7523 §3 has. `certificate` is the key's, as PEM, where the provider
    knows the key by it.
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
    """An assertion for which a token is given (RFC 7523 §2.1), and the parameter that takes it.

    `None` in place of a parameter: the header `Authorization` takes it, as a bearer token.
    """

    draft: AssertionDraft = field(repr=False)
    parameter: str | None


def signing_input(draft: AssertionDraft, *, key_id: str, now: datetime, jti: str) -> bytes:
    """What is signed: header and claims (RFC 7515 §5.1, RFC 7523 §3).

    *jti* must be new each time: a provider takes each assertion once.
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
    """The name of a certificate by its own bytes (RFC 7515 §4.1.8); of a chain, the first one's.

    Raises:
        CredentialNotReadyError: it is no PEM text.
    """
    match = _PEM.search(pem.reveal())
    with suppress(ValueError):
        if match is not None:
            der = b64decode("".join(match[1].split()), validate=True)
            return encode(hashlib.sha256(der).digest())
    raise CredentialNotReadyError(
        "The certificate in the secret is no PEM text.", rule="assertion.key"
    )


def client_assertion(signed: bytes, signature: bytes) -> Secret:
    """The compact form (RFC 7515 §7.1). Until it expires it is as good as a client secret."""
    return Secret(f"{signed.decode()}.{encode(signature)}")


def _encode_json(document: Mapping[str, object]) -> str:
    return encode(json.dumps(document, separators=(",", ":")).encode())
