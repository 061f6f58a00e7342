"""Parse a signed JWT strictly, before and after its signature is verified.

Nothing in an unverified token is trusted. Its `iss` and `kid` only select an issuer and a key from
the configuration, and its `alg` must be one that the configuration allows for the issuer. Header
parameters that name or hold keys (`jku`, `jwk`, `x5u`, `x5c`; RFC 7515 §4.1) are ignored.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tokenvend.domain import bounds
from tokenvend.domain.errors import SubjectTokenError
from tokenvend.domain.names import TARGET
from tokenvend.domain.secret import Secret

type Claims = Mapping[str, Any]

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """The parts of a token needed for its verification. `key_id` is `None` without a `kid`."""

    algorithm: str
    key_id: str | None
    issuer: str


def read_unverified(token: Secret) -> UnverifiedToken:
    """Return the issuer, key id and algorithm that *token* states, unverified.

    Raises:
        SubjectTokenError: it is not a signed JWT in compact form, is too large, or has a `crit`.
    """
    header, claims = _parts(token)
    algorithm, key_id, issuer = header.get("alg"), header.get("kid"), claims.get("iss")
    if "crit" in header:
        # RFC 7515 §4.1.11: a token with an extension that is not supported must be refused.
        raise SubjectTokenError(rule="subject_token.crit")
    if not isinstance(algorithm, str):
        raise SubjectTokenError(rule="subject_token.algorithm")
    if not isinstance(key_id, str | None):
        raise SubjectTokenError(rule="subject_token.key_id")
    if not isinstance(issuer, str) or TARGET.fullmatch(issuer) is None:
        raise SubjectTokenError(rule="subject_token.issuer")
    return UnverifiedToken(algorithm, key_id, issuer)


def claims_of(token: Secret) -> Claims:
    """Return the claims of *token*, whose signature must have been verified before.

    Raises:
        SubjectTokenError: the claims are not a JSON object, or a name is in it twice.
    """
    return _parts(token)[1]


def _parts(token: Secret) -> tuple[Claims, Claims]:
    text = token.reveal()
    if len(text) > bounds.SUBJECT_TOKEN_BYTES:
        raise SubjectTokenError(rule="subject_token.too_large")
    match = _COMPACT.fullmatch(text)
    if match is None:
        raise SubjectTokenError(rule="subject_token.malformed")
    return _json_object(match[1]), _json_object(match[2])


def _json_object(encoded: str) -> Claims:
    try:
        raw = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        parsed = json.loads(raw, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise SubjectTokenError(rule="subject_token.malformed")
    return parsed


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a JSON object; refuse a repeated name, which parsers treat differently."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
