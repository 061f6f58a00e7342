"""Check a request against its grant's ceiling: whatever the grant does not list is refused."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind, ScopeMode
from tokenvend.domain.errors import ConsentRequiredError, InvalidScopeError, InvalidTargetError
from tokenvend.domain.registry import Grant
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.scopes import NO_SCOPES, Scopes, format_scope
from tokenvend.domain.token import AccessToken

if TYPE_CHECKING:
    from tokenvend.domain.decision import Decision


def check_tenant(
    request: VendRequest, grant: Grant, definition: CredentialDefinition
) -> str | None:
    """Return the tenant whose secret is used; `None` if the credential is not a family.

    Raises:
        InvalidTargetError: the tenant is missing, is beyond the grant, or was named for a
            credential that has no tenants.
    """
    if not definition.family:
        if request.tenant is not None:
            raise InvalidTargetError(
                "This credential has no tenants: leave tenant out.", rule=Rule.TENANT
            )
        return None
    if request.tenant is None:
        raise InvalidTargetError(
            "This credential has one secret for each tenant: name one in tenant.", rule=Rule.TENANT
        )
    if not grant.covers_tenant(request.tenant):
        raise InvalidTargetError("The grant does not include this tenant.", rule=Rule.TENANT)
    return request.tenant


def check_scopes(
    request: VendRequest, grant: Grant, definition: CredentialDefinition, now: datetime
) -> tuple[Scopes, Scopes]:
    """Return the scopes that the token will carry, and those beyond the ceiling to be counted.

    Raises:
        InvalidScopeError: the scopes are beyond the grant, or cannot be narrowed to it.
    """
    if definition.kind is CredentialKind.API_KEY:
        return _no_scopes(request, grant)
    tolerated = grant.observed_scopes(now)
    requested_scopes = request.scopes if request.scopes is not None else grant.default_scopes
    if requested_scopes is None:
        requested_scopes = grant.scopes
    _refuse_beyond(
        requested_scopes - grant.scopes - tolerated,
        lambda scopes: InvalidScopeError(
            f"Not in the grant: {format_scope(scopes)}.", rule=Rule.SCOPES
        ),
    )
    if definition.kind is CredentialKind.AUTHORIZATION_CODE:
        # The user's consent decides which of these the token carries: `connection_decision`.
        return requested_scopes, requested_scopes - grant.scopes
    if definition.scope_mode is ScopeMode.NARROWS:
        if not requested_scopes and not grant.full_access:
            # Without `scope` the provider chooses the scopes (RFC 6749 §3.3), and may not name
            # them.
            raise InvalidScopeError(
                "No scope is requested or granted, so the provider would decide: the grant needs"
                " full_access: true.",
                rule=Rule.FULL_ACCESS,
            )
        return requested_scopes, requested_scopes - grant.scopes
    return _whole_scope(requested_scopes, grant, definition, tolerated)


def _no_scopes(request: VendRequest, grant: Grant) -> tuple[Scopes, Scopes]:
    """Require full access: an API key has no scopes, so nothing can limit what it reaches."""
    if request.scopes is not None:
        raise InvalidScopeError("An API key has no scopes: leave scope out.", rule=Rule.SCOPES)
    if not grant.full_access:
        raise InvalidScopeError(
            "An API key gives full access: the grant needs full_access: true.",
            rule=Rule.FULL_ACCESS,
        )
    return NO_SCOPES, NO_SCOPES


def _whole_scope(
    requested_scopes: Scopes, grant: Grant, definition: CredentialDefinition, tolerated: Scopes
) -> tuple[Scopes, Scopes]:
    whole = definition.scopes
    if not whole and not grant.full_access:
        raise InvalidScopeError(
            "The credential declares no scopes, so only a grant with full_access: true gives its"
            " tokens.",
            rule=Rule.FULL_ACCESS,
        )
    if not grant.full_access:
        _refuse_beyond(
            whole - grant.scopes - tolerated,
            lambda scopes: InvalidScopeError(
                "Tokens of this credential always carry its whole scope, and the grant does not"
                f" cover {format_scope(scopes)}.",
                rule=Rule.WHOLE_SCOPE,
            ),
        )
    _refuse_beyond(
        requested_scopes - whole,
        lambda scopes: InvalidScopeError(
            f"Tokens of this credential do not carry {format_scope(scopes)}.", rule=Rule.SCOPES
        ),
    )
    observed = frozenset() if grant.full_access else whole - grant.scopes
    return whole, observed | (requested_scopes - grant.scopes)


def _refuse_beyond(beyond: Scopes, refusal: Callable[[Scopes], InvalidScopeError]) -> None:
    if beyond:
        raise refusal(beyond)


def check_target(rule: Rule, requested: str | None, ceiling: frozenset[str]) -> str | None:
    """Return the value to send to the provider: the requested one, or the only one in *ceiling*.

    If *ceiling* has several, the request must name one. Otherwise the provider would choose, and
    could choose one beyond the grant.

    Raises:
        InvalidTargetError: the value is beyond the grant, or the request must name one.
    """
    if requested is not None:
        if requested not in ceiling:
            raise InvalidTargetError(f"Not in the grant: {requested}.", rule=rule)
        return requested
    if len(ceiling) > 1:
        raise InvalidTargetError(
            f"The grant lists several {rule.removeprefix('grant.')}: name one.", rule=rule
        )
    return next(iter(ceiling), None)


def check_resources(requested: tuple[str, ...], ceiling: frozenset[str]) -> tuple[str, ...]:
    """Return the values of `resource` to send to the provider (RFC 8707 §2).

    Raises:
        InvalidTargetError: as in `check_target`.
    """
    named = [check_target(Rule.RESOURCE, each, ceiling) for each in requested or (None,)]
    return tuple(each for each in named if each is not None)


def check_scopes_given(decision: "Decision", token: AccessToken) -> None:
    """Refuse a token with fewer scopes than were requested, unless the grant accepts fewer.

    Raises:
        ConsentRequiredError: the user would have to consent to more.
        InvalidScopeError: the provider gave fewer.
    """
    missing = decision.requested_scopes - token.scopes
    if missing and not decision.grant.accept_less:
        if decision.connection is not None:
            raise ConsentRequiredError(
                rule=Rule.CONNECTION_SCOPES, missing_scope=format_scope(missing)
            )
        raise InvalidScopeError(
            f"The provider did not give {format_scope(missing)}.", rule=Rule.SCOPE_GIVEN
        )
