"""A token that the client signs itself: a JWT (RFC 7519), with no token endpoint.

`tokenvend.yaml` describes its header and claims in `signed_jwt`. It is built in two steps, as a
client assertion is: `build_signed_jwt`, then a signature over its `signing_input`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tokenvend.domain import bounds
from tokenvend.domain.api_request_description import NEVER_TO_CALLERS
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import CredentialDefinition, ScopeMode
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.jwt_bearer import lifetime_of
from tokenvend.domain.oauth.request_description import is_too_deep, texts_in
from tokenvend.domain.oauth.templates import TEMPLATE, PlaceholderValues, names_in
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.scopes import format_scope
from tokenvend.domain.secret import Secret
from tokenvend.domain.shared_key import SHARED_KEY, KeyEncoding, MacAlgorithm, SharedKey
from tokenvend.domain.signing import KmsKey, PrivateKey, SigningAlgorithm, SigningKey, encode
from tokenvend.domain.token import clock_skew_allowance

#: Claims that tokenvend sets itself, or that would change how long a token is valid.
SET_CLAIMS = frozenset({"exp", "iat", "nbf", "jti"})
#: Fields of a header that tokenvend sets, or by which a token would bring its own key.
RESERVED_HEADER = frozenset(
    {"alg", "crit", "b64", "enc", "zip", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"}
)

type JwtAlgorithm = SigningAlgorithm | MacAlgorithm


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedJwtDescription:
    """A description. The texts of `header` and `claims` may have placeholders, at any depth.

    `key_encoding` is that of a shared key. `scope_claim`: the claim `scope` has the token's scopes.
    """

    algorithm: JwtAlgorithm
    key_encoding: KeyEncoding = KeyEncoding.UTF8
    header: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    scope_claim: bool = False
    lifetime: timedelta = bounds.SIGNED_JWT_LIFETIME


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key pair, and the algorithm with which its private half signs."""

    key: SigningKey
    algorithm: SigningAlgorithm


@dataclass(frozen=True, slots=True)
class UnsignedJwt:
    """A token before it is signed; `expires_at` is its `exp`."""

    signing_input: bytes = field(repr=False)
    key: KeyPair | SharedKey
    expires_at: datetime

    def signed(self, signature: bytes) -> Secret:
        """Return the token in the compact form (RFC 7515 §7.1)."""
        return Secret(f"{self.signing_input.decode()}.{encode(signature)}")


def parse_signed_jwt(document: Mapping[str, object]) -> SignedJwtDescription:
    """Parse *document* as a description.

    Raises:
        ValueError: it is not a description. `none` is no algorithm.
    """
    known: dict[str, Any] = {"algorithm": _algorithm(document.get("algorithm"))}
    for name, reserved in (("header", RESERVED_HEADER), ("claims", SET_CLAIMS)):
        known[name] = _templates(document.get(name, {}), name, reserved)
    if (encoding := document.get("key_encoding")) is not None:
        known["key_encoding"] = KeyEncoding(str(encoding))
    if (seconds := document.get("lifetime_seconds")) is not None:
        known["lifetime"] = lifetime_of(seconds, most=bounds.SIGNED_JWT_LIFETIME_MAXIMUM)
    if document.get("scope_claim"):
        known["scope_claim"] = True
    return SignedJwtDescription(**known)


def placeholders_in_jwt(document: Mapping[str, object]) -> tuple[str, ...]:
    """Return the secret's fields that the token shows, each once, in the document's order."""
    texts = (text for name in ("header", "claims") for text in texts_in(document.get(name)))
    return tuple(dict.fromkeys(name for text in texts for name in names_in(text)))


def key_field(definition: CredentialDefinition) -> str | None:
    """Return the field of the secret that signs; `None` if a key in KMS does."""
    # The registry's document may have anything there, also what no set can hold.
    if definition.signed_jwt.get("algorithm") in tuple(MacAlgorithm):
        return SHARED_KEY
    return None if definition.assertion and definition.assertion.kms_keys else "private_key"


def build_signed_jwt(
    definition: CredentialDefinition, spec: TokenSpec, secret: ProviderSecret, *, now: datetime
) -> UnsignedJwt:
    """Build the token of *spec* before it is signed (RFC 7515 §5.1).

    `iat` is earlier than *now* by the allowance for clock skew, so that a provider whose clock is
    late accepts the token at once.

    Raises:
        CredentialNotReadyError: this version cannot parse the description, a value is missing, the
            token would be too long or cannot be narrowed, or the request names an audience or a
            resource.
    """
    described = _description_of(definition)
    if spec.audience is not None or spec.resources:
        raise CredentialNotReadyError(
            "The audience of a signed JWT is fixed: leave audience and resource out.",
            rule="signed_jwt.target",
        )
    if definition.scope_mode is ScopeMode.NARROWS and not described.scope_claim:
        # Otherwise a grant of few scopes would get a token that carries all.
        raise CredentialNotReadyError(
            "The token does not say its scopes, so it cannot be narrowed.",
            rule="definition.signed_jwt",
        )
    values = PlaceholderValues(secret)
    issued_at = int((now - clock_skew_allowance(described.lifetime)).timestamp())
    expires_at = issued_at + int(described.lifetime.total_seconds())
    claims = values.value(described.claims)
    if described.scope_claim and spec.scopes:
        claims |= {"scope": format_scope(spec.scopes, separator=definition.scope_separator)}
    header = {"typ": "JWT"} | values.value(described.header) | {"alg": described.algorithm.value}
    parts = (header, claims | {"iat": issued_at, "exp": expires_at})
    text = ".".join(encode(json.dumps(each, separators=(",", ":")).encode()) for each in parts)
    if len(text) > bounds.API_REQUEST_CHARACTERS:
        raise CredentialNotReadyError(
            f"The token has {len(text)} characters; {bounds.API_REQUEST_CHARACTERS} are the most.",
            rule="secret.unusable",
        )
    key = _key(described, definition, secret)
    at = datetime.fromtimestamp(expires_at, UTC)
    return UnsignedJwt(text.encode(), key, at)


def _key(
    described: SignedJwtDescription, definition: CredentialDefinition, secret: ProviderSecret
) -> KeyPair | SharedKey:
    algorithm = described.algorithm
    if isinstance(algorithm, MacAlgorithm):
        text = secret.fields.get(SHARED_KEY, Secret(""))
        return SharedKey(text, algorithm, described.key_encoding)
    if definition.assertion and definition.assertion.kms_keys:
        return KeyPair(KmsKey(definition.assertion.kms_keys[0]), algorithm)
    return KeyPair(PrivateKey(secret.fields.get("private_key", Secret(""))), algorithm)


def _description_of(definition: CredentialDefinition) -> SignedJwtDescription:
    try:
        return parse_signed_jwt(definition.signed_jwt)
    except ValueError:
        raise CredentialNotReadyError(
            "The definition's signed_jwt cannot be read; apply the file again.",
            rule="definition.signed_jwt",
        ) from None


def _algorithm(name: object) -> JwtAlgorithm:
    known: tuple[JwtAlgorithm, ...] = (*SigningAlgorithm, *MacAlgorithm)
    for algorithm in known:
        if algorithm.value == name:
            return algorithm
    raise ValueError("algorithm is none that tokenvend signs with")


def _templates(document: object, name: str, reserved: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(document, Mapping) or is_too_deep(document):
        raise ValueError(f"{name} is not an object, or nested too deeply")
    if not reserved.isdisjoint(document):
        raise ValueError(f"{name} sets what is not for a description to set")
    texts = list(texts_in(document))
    if not all(TEMPLATE.fullmatch(text) for text in texts):
        raise ValueError(f"{name} has a brace that is no placeholder's")
    if not NEVER_TO_CALLERS.isdisjoint(each for text in texts for each in names_in(text)):
        raise ValueError(f"{name} would show a key to callers")
    return document
