"""Trusted issuers of subject tokens, and the rules by which their subjects are callers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tokenvend.domain.errors import SubjectTokenError
from tokenvend.domain.workload.glob import matches, may_both_match
from tokenvend.domain.workload.jwt import Claims

#: What a claim must be: a text or a pattern, a boolean, a number, or an object of such claims.
type ClaimPattern = str | bool | int | Mapping[str, "ClaimPattern"]

#: A key in the form of RFC 7517 §4.
type Jwk = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRule:
    """A rule by which the subject of a token is the caller named `caller`.

    `subject` is a pattern for `sub`; `None`: any subject. All of `claims` must match.
    """

    caller: str
    subject: str | None = None
    claims: Mapping[str, ClaimPattern] = field(default_factory=dict)

    def admits(self, claims: Claims) -> bool:
        """Whether a token with *claims* matches this rule."""
        return _all_match(self.patterns, claims)

    def overlaps(self, other: "SubjectRule") -> bool:
        """Whether some token could match both rules."""
        return not _exclude(self.patterns, other.patterns)

    @property
    def patterns(self) -> Mapping[str, ClaimPattern]:
        """The patterns of all claims, `sub` included."""
        return self.claims if self.subject is None else {"sub": self.subject, **self.claims}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIssuer:
    """An issuer that the configuration trusts.

    `issuer` is its exact `iss`. `audience` is the `aud` that a token must have; `None`: the
    deployment's URL is not known, so no token is accepted. `keys` are the issuer's public keys, if
    the configuration has them; else they are fetched from `jwks_uri`, which `apply` recorded.
    `one_time`: each token is accepted once, so each must have a `jti`. `of_users`: its tokens are
    about signed-in users and prove no caller; each grant says which audience they must have.
    """

    name: str
    issuer: str
    audience: str | None
    algorithms: frozenset[str]
    max_age: timedelta
    keys: tuple[Jwk, ...] = ()
    jwks_uri: str | None = None
    one_time: bool = False
    of_users: bool = False
    rules: tuple[SubjectRule, ...] = ()

    def caller_of(self, claims: Claims) -> str:
        """Return the caller that a token with *claims* proves.

        Raises:
            SubjectTokenError: the token matches the rules of no caller, or of several.
        """
        callers = {rule.caller for rule in self.rules if rule.admits(claims)}
        if not callers:
            raise SubjectTokenError(
                "No caller has this token's subject and claims.",
                rule="subject_token.subject_known",
            )
        if len(callers) > 1:
            raise SubjectTokenError(rule="subject_token.subject_ambiguous")
        return callers.pop()


def _all_match(patterns: Mapping[str, ClaimPattern], claims: Claims) -> bool:
    return all(
        name in claims and _claim_matches(pattern, claims[name])
        for name, pattern in patterns.items()
    )


def _claim_matches(pattern: ClaimPattern, value: object) -> bool:
    if isinstance(pattern, Mapping):
        return isinstance(value, Mapping) and _all_match(pattern, value)
    if isinstance(pattern, str):
        return isinstance(value, str) and matches(pattern, value)
    # `True` is an `int`, and equal to 1.
    return type(value) is type(pattern) and value == pattern


def _exclude(first: Mapping[str, ClaimPattern], second: Mapping[str, ClaimPattern]) -> bool:
    """Whether no value of some claim can match both patterns."""
    return any(_claims_exclude(first[name], second[name]) for name in first.keys() & second.keys())


def _claims_exclude(first: ClaimPattern, second: ClaimPattern) -> bool:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return _exclude(first, second)
    if isinstance(first, str) and isinstance(second, str):
        return not may_both_match(first, second)
    return type(first) is not type(second) or first != second
