"""Check the claims of a subject token: times, audience and subject (RFC 7519 §4.1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite

from tokenvend.domain import bounds
from tokenvend.domain.errors import SubjectTokenError
from tokenvend.domain.identity import Workload
from tokenvend.domain.workload.issuer import TrustedIssuer
from tokenvend.domain.workload.jwt import Claims

#: In characters. RFC 7519 sets no limit, but no longer subject can be configured.
_LONGEST_SUBJECT = 1024
_LONGEST_TOKEN_ID = 256


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """A token that its issuer signed, and whose claims are valid now.

    A workload's token has this deployment as its `audience`; a user's token has an application,
    which a grant names. From `holds_until` on it is no longer accepted, because it has expired or
    is older than its issuer's `max_age`.
    """

    workload: Workload
    claims: Claims
    holds_until: datetime
    audience: str


def check_claims(claims: Claims, issuer: TrustedIssuer, *, now: datetime) -> VerifiedToken:
    """Check the *claims* of a token that *issuer* signed, at *now*.

    Raises:
        SubjectTokenError: the token is for another audience, is not valid now, has no subject, or
            lacks a `jti` that its issuer's tokens must have.
    """
    workload = Workload(
        issuer.issuer,
        subject=_name(claims, "sub", _LONGEST_SUBJECT),
        token_id=_name(claims, "jti", _LONGEST_TOKEN_ID) if "jti" in claims else None,
    )
    try:
        audience = _check_audience(claims, issuer)
        left_seconds = _check_times(claims, issuer, now.timestamp())
        _check_token_id(workload, issuer)
    except SubjectTokenError as error:
        error.workload = workload
        raise
    return VerifiedToken(workload, claims, now + timedelta(seconds=left_seconds), audience)


def _check_token_id(workload: Workload, issuer: TrustedIssuer) -> None:
    if issuer.one_time and workload.token_id is None:
        raise SubjectTokenError(
            "The subject token has no jti, which its issuer's tokens must have.",
            rule="subject_token.token_id",
        )


def _check_audience(claims: Claims, issuer: TrustedIssuer) -> str:
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        (audience,) = audience
    # With several audiences, one of them could pass the token on to tokenvend.
    if not isinstance(audience, str) or not (issuer.of_users or audience == issuer.audience):
        raise SubjectTokenError(
            "The subject token's aud must be the audience of its issuer in tokenvend.yaml, and"
            " no other.",
            rule="subject_token.audience",
        )
    return audience


def _check_times(claims: Claims, issuer: TrustedIssuer, now: float) -> float:
    """Return for how many more seconds the token is accepted.

    The start may be up to `bounds.CLOCK_SKEW` in the future, as the issuer's clock may be ahead.
    """
    expires_at, issued_at = _seconds(claims, "exp"), _seconds(claims, "iat")
    begins_at = max(issued_at, _seconds(claims, "nbf") if "nbf" in claims else issued_at)
    if now >= expires_at:
        raise SubjectTokenError("The subject token has expired.", rule="subject_token.expired")
    if begins_at > now + bounds.CLOCK_SKEW.total_seconds():
        raise SubjectTokenError(
            "The subject token is not valid yet.", rule="subject_token.not_yet_valid"
        )
    if now - issued_at > issuer.max_age.total_seconds():
        raise SubjectTokenError(
            "The subject token is too old: its iat is longer ago than max_age_seconds.",
            rule="subject_token.too_old",
        )
    too_old_at = issued_at + issuer.max_age.total_seconds()
    return min(expires_at, too_old_at) - now


def _seconds(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not _is_finite(value):
        raise SubjectTokenError(
            f"The subject token has no {name} that is an instant.", rule=f"subject_token.{name}"
        )
    return float(value)


def _is_finite(value: float) -> bool:
    try:
        return isfinite(value)
    except OverflowError:  # a whole number that no float reaches
        return False


def _name(claims: Claims, name: str, longest: int) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise SubjectTokenError(
            f"The subject token has no well-formed {name}.", rule=f"subject_token.{name}"
        )
    return value
