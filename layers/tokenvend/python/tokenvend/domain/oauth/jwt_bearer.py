"""The JWT bearer grant: a signed assertion is what the token is given for (RFC 7523 §2.1 and §3).

What its claims say is described in the file, as `token_request.assertion`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tokenvend.domain import bounds
from tokenvend.domain.oauth.client_assertion import AssertionDraft, GrantAssertion
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import Assertion, CredentialDefinition
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import KmsKey, PrivateKey, SigningKey

#: RFC 7523 §8.1.
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
#: Claims that tokenvend sets itself (RFC 7523 §3).
SET_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "iat", "jti"})
_CLIENT = "{secret.client_id}"

#: Puts values of the credential's secret in place of the placeholders in a template.
type Fill = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionDescription:
    """What an assertion says; texts may have placeholders.

    `subject` is the issuer where it is `None`, and `audience` what the definition's `assertion`
    has. `scope_claim` puts the scopes into the claim `scope` instead of the parameter.
    `parameter` is the one that takes the assertion; `None`: the header `Authorization` does.
    """

    issuer: str = _CLIENT
    subject: str | None = None
    audience: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    scope_claim: bool = False
    lifetime: timedelta = bounds.ASSERTION_LIFETIME
    parameter: str | None = "assertion"


def parse_assertion_description(document: object) -> AssertionDescription:
    """The description that *document* is; what it leaves out is as RFC 7523 has it.

    Raises:
        ValueError: it is none.
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
        known["lifetime"] = _lifetime(seconds)
    if document.get("as_bearer"):
        known["parameter"] = None
    return AssertionDescription(
        **known, claims=claims, scope_claim=bool(document.get("scope_claim"))
    )


def templates_in(document: object) -> list[object]:
    """What may have placeholders in *document*, its defaults too."""
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
    """The assertion that *described* is for *scope*, yet to be signed."""
    assertion = definition.assertion or Assertion(audience=definition.token_endpoint)
    # Where a key in KMS signs, the secret has none.
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


def _lifetime(value: object) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("lifetime_seconds is not a whole number from 1")
    return min(timedelta(seconds=value), bounds.ASSERTION_LIFETIME_MAXIMUM)
