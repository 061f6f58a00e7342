"""Is what a request asks for within its grant's ceiling? What is not listed is refused."""

from collections.abc import Callable
from datetime import datetime

from tokenvend.domain.errors import InvalidScopeError, InvalidTargetError
from tokenvend.domain.registry import CredentialDefinition, CredentialKind, Grant, ScopeMode
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.scopes import NO_SCOPES, Scopes, format_scope


def check_tenant(
    request: VendRequest, grant: Grant, definition: CredentialDefinition
) -> str | None:
    """The tenant whose secret is used, where the credential is a family.

    Raises:
        InvalidTargetError: it is missing, beyond the grant, or there are none.
    """
    if not definition.family:
        if request.tenant is not None:
            raise InvalidTargetError(
                "This credential has no tenants: leave tenant out.", rule=Rule.TENANT
            )
        return None
    if request.tenant is None:
        raise InvalidTargetError("Name a tenant of this credential.", rule=Rule.TENANT)
    if not grant.covers_tenant(request.tenant):
        raise InvalidTargetError("The grant does not cover this tenant.", rule=Rule.TENANT)
    return request.tenant


def check_scopes(
    request: VendRequest, grant: Grant, definition: CredentialDefinition, now: datetime
) -> tuple[Scopes, Scopes]:
    """The scopes that the token will carry, and those of them that are only observed.

    Raises:
        InvalidScopeError: they are beyond the grant, or cannot be narrowed to it.
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
            f"Beyond the grant: {format_scope(scopes)}.", rule=Rule.SCOPES
        ),
    )
    if definition.kind is CredentialKind.AUTHORIZATION_CODE:
        # What the token carries is for the user to say.
        return requested_scopes, requested_scopes - grant.scopes
    if definition.scope_mode is ScopeMode.NARROWS:
        if not requested_scopes and not grant.full_access:
            # Without a scope in the request the provider chooses, and need not say what.
            raise InvalidScopeError(
                "No scope would be named, and what the provider then gives is not known: the"
                " grant must say full_access.",
                rule=Rule.FULL_ACCESS,
            )
        return requested_scopes, requested_scopes - grant.scopes
    return _whole_scope(requested_scopes, grant, definition, tolerated)


def _no_scopes(request: VendRequest, grant: Grant) -> tuple[Scopes, Scopes]:
    """An API key reaches all that its maker does: it has no scopes, and no fewer of them."""
    if request.scopes is not None:
        raise InvalidScopeError("An API key has no scopes: leave scope out.", rule=Rule.SCOPES)
    if not grant.full_access:
        raise InvalidScopeError(
            "An API key cannot be narrowed: its grant must say full_access.",
            rule=Rule.FULL_ACCESS,
        )
    return NO_SCOPES, NO_SCOPES


def _whole_scope(
    requested_scopes: Scopes, grant: Grant, definition: CredentialDefinition, tolerated: Scopes
) -> tuple[Scopes, Scopes]:
    whole = definition.scopes
    if not whole and not grant.full_access:
        raise InvalidScopeError(
            "What this credential's tokens reach is not declared: its grant must say full_access.",
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
    """What to name to the provider: the one asked for, or the only one there is.

    Where the grant lists several, leaving it out would let the provider choose, perhaps wider.

    Raises:
        InvalidTargetError: it is beyond the grant, or none is named of several.
    """
    if requested is not None:
        if requested not in ceiling:
            raise InvalidTargetError(f"Beyond the grant: {requested}.", rule=rule)
        return requested
    if len(ceiling) > 1:
        raise InvalidTargetError(
            f"The grant lists several {rule.removeprefix('grant.')}: name one.", rule=rule
        )
    return next(iter(ceiling), None)


def check_resources(requested: tuple[str, ...], ceiling: frozenset[str]) -> tuple[str, ...]:
    """What to name to the provider as `resource` (RFC 8707 §2): the grant lists each.

    Raises:
        InvalidTargetError: as `check_target`.
    """
    named = [check_target(Rule.RESOURCE, each, ceiling) for each in requested or (None,)]
    return tuple(each for each in named if each is not None)
