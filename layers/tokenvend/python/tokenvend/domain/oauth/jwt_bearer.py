"""The JWT bearer grant: a signed assertion is the grant of the token request (RFC 7523 §2.1, §3).

`tokenvend.yaml` describes its claims in `token_request.assertion`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import Assertion, CredentialDefinition
from tokenvend.domain.oauth.client_assertion import AssertionDraft, GrantAssertion
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import KmsKey, PrivateKey, SigningKey

#: RFC 7523 §8.1.
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
#: Claims that tokenvend sets itself (RFC 7523 §3).
SET_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "iat", "jti"})
_CLIENT = "{secret.client_id}"

#: Replaces the placeholders in a template by values of the credential's secret.
type Fill = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionDescription:
    """The claims of an assertion, and where it is sent. Texts may have placeholders.

    `subject` `None` means the issuer, and `audience` `None` that of the definition's `assertion`.
    `scope_claim`: the scopes are in the claim `scope` instead of the parameter. `parameter` is the
    parameter with the assertion; `None`: the header `Authorization` has it.
    """

    issuer: str = _CLIENT
    subject: str | None = None
    audience: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    scope_claim: bool = False
    lifetime: timedelta = bounds.ASSERTION_LIFETIME
    parameter: str | None = "assertion"


def parse_assertion_description(document: object) -> AssertionDescription:
    """Parse *document* as a description; whatever it leaves out is as in RFC 7523.

    Raises:
        ValueError: it is not a description.
    """
    if not isinstance(document, Mapping):
        raise ValueError("assertion is not an object")  # noqa: TRY004  as every other fault
    known: dict[str, Any] = {}
    for name in ("issuer", "subject", "audience", "parameter"):
        if (text := document.get(name)) is not None:
            known[name] = _text(text, name)
    claims = document.get("claims", {})
    if not isinstance(claims, Mapping) or not SET_CLAIMS.isdisjoint(claims):
        raise ValueError("claims is no object, or sets a claim of tokenvend's own")
    if (seconds := document.get("lifetime_seconds")) is not None:
        known["lifetime"] = lifetime_of(seconds, most=bounds.ASSERTION_LIFETIME_MAXIMUM)
    if document.get("as_bearer"):
        known["parameter"] = None
    return AssertionDescription(
        **known, claims=claims, scope_claim=bool(document.get("scope_claim"))
    )


def templates_in(document: object) -> list[object]:
    """Return everything in *document* that may have placeholders, the default issuer included."""
    if not isinstance(document, Mapping):
        return []
    given = [document.get(name) for name in ("subject", "audience", "claims")]
    return [document.get("issuer", _CLIENT), *given]


def grant_assertion(
    described: AssertionDescription,
    definition: CredentialDefinition,
    secret: ProviderSecret,
    *,
    fill: Fill,
    scope: str | None,
) -> GrantAssertion:
    """Build the unsigned assertion that *described* describes, for *scope*."""
    assertion = definition.assertion or Assertion(audience=definition.token_endpoint)
    # If a key in KMS signs, the secret has no key.
    key: SigningKey = PrivateKey(secret.fields.get("private_key", Secret("")), secret.key_id)
    if assertion.kms_keys:
        key = KmsKey(assertion.kms_keys[0])
    issuer = fill(described.issuer)
    return GrantAssertion(
        AssertionDraft(
            issuer,
            fill(described.audience) or assertion.audience,
            assertion.algorithm,
            key,
            subject=fill(described.subject) or issuer,
            claims=fill(described.claims) | ({"scope": scope} if scope else {}),
            lifetime=described.lifetime,
            certificate=secret.fields["certificate"] if assertion.names_certificate else None,
        ),
        described.parameter,
    )


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is not a text")
    return value


def lifetime_of(value: object, *, most: timedelta) -> timedelta:
    """Return *value*, a number of seconds, as a lifetime of at most *most*.

    Raises:
        ValueError: it is not a whole number from 1.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("lifetime_seconds is not a whole number from 1")
    # A number of many digits is no timedelta.
    return timedelta(seconds=min(value, int(most.total_seconds())))
