"""Issuers whose tokens prove callers, and which of their subjects is which caller."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tokenvend.domain.errors import SubjectTokenError
from tokenvend.domain.workload.glob import matches, may_both_match
from tokenvend.domain.workload.jwt import Claims

#: What a claim must be: a text or a pattern of it, a truth value, a number, or more claims in it.
type ClaimPattern = str | bool | int | Mapping[str, "ClaimPattern"]

#: A key in the form of RFC 7517 §4.
type Jwk = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRule:
    """One kind of subject that is the caller *caller*.

    `subject` is a pattern of `sub`, `None` where any will do; every one of `claims` must match.
    """

    caller: str
    subject: str | None = None
    claims: Mapping[str, ClaimPattern] = field(default_factory=dict)

    def admits(self, claims: Claims) -> bool:
        """Whether a token with *claims* is this caller's."""
        return _all_match(self.patterns, claims)

    def overlaps(self, other: "SubjectRule") -> bool:
        """Whether some token would be both rules'."""
        return not _exclude(self.patterns, other.patterns)

    @property
    def patterns(self) -> Mapping[str, ClaimPattern]:
        """What each claim must be, `sub` among them."""
        return self.claims if self.subject is None else {"sub": self.subject, **self.claims}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIssuer:
    """An issuer as the configuration trusts it.

    `issuer` is `iss` to the letter. `audience` is the one that a token must be for; `None`: the
    deployment's URL is not known, so no token is accepted. `keys` are its public keys where the
    configuration has them; else they are fetched from `jwks_uri`, which `apply` has pinned.
    `one_time`: each token is accepted once, so each must have a `jti`. `of_users`: its tokens are
    those of signed-in users, and prove no caller; each grant says for which audience.
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
        """The caller that a token with *claims* proves.

        Raises:
            SubjectTokenError: it proves none, or more than one.
        """
        callers = {rule.caller for rule in self.rules if rule.admits(claims)}
        if not callers:
            raise SubjectTokenError(
                "No caller is known by this token's subject and claims.",
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
    """Whether some claim cannot be as both want it."""
    return any(_claims_exclude(first[name], second[name]) for name in first.keys() & second.keys())


def _claims_exclude(first: ClaimPattern, second: ClaimPattern) -> bool:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return _exclude(first, second)
    if isinstance(first, str) and isinstance(second, str):
        return not may_both_match(first, second)
    return type(first) is not type(second) or first != second
