"""What tokenvend signs: a token by any description, with any secret."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from fuzzing import hostile
from fuzzing.hostile import MARKER
from fuzzing.target import FuzzTarget, keeps_secret
from tokenvend.domain.api_request_description import NEVER_TO_CALLERS
from tokenvend.domain.bounds import SIGNED_JWT_LIFETIME_MAXIMUM
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import (
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
)
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.oauth.signed_jwt import (
    RESERVED_HEADER,
    build_signed_jwt,
    key_field,
    placeholders_in_jwt,
)
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret_destination import destination_of, may_be_used
from tokenvend.domain.secret_fields import secret_fields, secret_of

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_SPEC = TokenSpec(credential="jobs", definition="d", scopes=NO_SCOPES)
_KEY = f"{MARKER}-the-key"
_BASE: dict[str, Any] = {
    "algorithm": "HS256",
    "header": {"kid": "{secret.key_id}"},
    "claims": {"iss": "{secret.issuer}", "aud": "acme", "more": ["{secret.account}", 7]},
}
_templates = st.sampled_from(
    ["{secret.account}", "a{secret.shared_key}b", "{secret.private_key}", "{", "{token}", "plain"]
)
_names = hostile.texts | st.sampled_from(["alg", "jwk", "kid", "exp", "iat", "nbf", "jti", "aud"])
_by_name = st.dictionaries(_names, _templates | hostile.json_values, max_size=3)
_descriptions = st.fixed_dictionaries(
    {"algorithm": st.sampled_from(["HS256", "HS512", "RS256", "ES256", "none"])},
    optional={
        "header": _by_name,
        "claims": _by_name,
        "key_encoding": st.sampled_from(["utf-8", "hex", "base64", "rot13"]),
        "lifetime_seconds": st.integers() | hostile.json_values,
        "scope_claim": st.booleans(),
    },
)


def _check(case: tuple[dict[str, Any], str]) -> str:
    described, value = case
    definition = CredentialDefinition(
        name="jobs",
        provider="acme",
        token_endpoint="",
        kind=CredentialKind.SIGNED_JWT,
        client_authentication=ClientAuthentication.NONE,
        signed_jwt=described,
    )
    field = key_field(definition)
    values = dict.fromkeys(secret_fields(definition), f"{MARKER}-{value}")
    values |= {field: _KEY} if field else {}
    recorded = destination_of(definition)
    secret = secret_of(definition, values, allowed_host=recorded)
    assert recorded.startswith("@signs:"), "a place to which the key could go"
    if not may_be_used(secret, definition):
        named = placeholders_in_jwt(described)
        assert NEVER_TO_CALLERS.intersection(named), "not what was recorded"
        return "a key is named"
    try:
        unsigned = build_signed_jwt(definition, _SPEC, secret, now=_NOW)
    except TokenVendError as error:
        keeps_secret(error, error.rule)
        return str(error.rule)
    keeps_secret(unsigned)
    header, claims = map(_decoded, unsigned.signing_input.decode().split("."))
    assert _KEY not in json.dumps([header, claims]), "the key itself"
    assert header.pop("alg") == described["algorithm"] != "none", "another algorithm"
    assert RESERVED_HEADER.isdisjoint(header), "a key of its own"
    lifetime = claims["exp"] - claims["iat"]
    assert 0 < lifetime <= SIGNED_JWT_LIFETIME_MAXIMUM.total_seconds(), "too long a life"
    return "a token"


def _decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


TARGETS = (
    FuzzTarget(
        name="signed-jwt",
        promise="any description and any secret: a token that shows no key, or a refusal",
        inputs=st.tuples(_descriptions | hostile.altered(_BASE), hostile.texts),
        check=_check,
    ),
)
