"""Check that a token is what the request asked for."""

from tokenvend.domain.decision import Decision
from tokenvend.domain.errors import (
    ConsentRequiredError,
    InvalidRequestError,
    InvalidScopeError,
)
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.scopes import format_scope
from tokenvend.domain.token import AccessToken


def check_min_ttl(request: VendRequest, token: AccessToken) -> None:
    """Refuse a `min_ttl_seconds` above half the lifetime: each request would exchange."""
    most = int(token.lifetime.total_seconds() / 2)
    if request.min_ttl_seconds > most:
        raise InvalidRequestError(
            f"min_ttl_seconds can be at most half of this token's lifetime: {most}.",
            rule="request.min_ttl_seconds",
        )


def check_scopes_given(decision: Decision, token: AccessToken) -> None:
    """Refuse a token with fewer scopes than were requested, unless the grant accepts fewer."""
    missing = decision.requested_scopes - token.scopes
    if missing and not decision.grant.accept_less:
        if decision.connection is not None:
            raise ConsentRequiredError(
                rule=Rule.CONNECTION_SCOPES, missing_scope=format_scope(missing)
            )
        raise InvalidScopeError(
            f"The provider did not give {format_scope(missing)}.", rule=Rule.SCOPE_GIVEN
        )
