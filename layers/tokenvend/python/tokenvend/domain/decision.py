"""Decide whether a caller may have the requested token, and which token that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import TYPE_CHECKING

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.errors import (
    ConsentRequiredError,
    InvalidClientError,
    InvalidRequestError,
    TokenVendError,
    UnauthorizedClientError,
)
from tokenvend.domain.grant_limits import (
    check_resources,
    check_scopes,
    check_target,
    check_tenant,
)
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.registry import SUBJECT_CONNECTIONS, Caller, Grant, Isolation, RegistryView
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.scopes import Scopes

if TYPE_CHECKING:
    from tokenvend.domain.connection import ConnectionKey
    from tokenvend.domain.users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A granted request: the caller, the grant, and the token to find or to exchange for.

    `requested_scopes` are those that the caller relies on; the token's own scopes are in `spec`.
    `observed_scopes` are beyond the ceiling, and are counted instead of refused. With a
    `connection` the decision is final only after `connection_decision` has checked its consent.
    """

    caller: Caller
    grant: Grant
    definition: CredentialDefinition
    spec: TokenSpec
    key: str
    requested_scopes: Scopes
    observed_scopes: Scopes
    connection: ConnectionKey | None = None


def decide(proof: Proof, request: VendRequest, view: RegistryView, *, now: datetime) -> Decision:
    """Grant *request*, or raise the error of the rule that refuses it.

    A request is never narrowed or widened: one that is partly beyond the ceiling is refused.

    Raises:
        InvalidClientError: the caller is unknown, not proven or blocked.
        ConsentRequiredError: the grant does not cover this connection.
        UnauthorizedClientError: there is no grant or no such credential, or the credential or the
            connection is blocked.
        InvalidScopeError, InvalidTargetError: the request is beyond the ceiling.
        InvalidRequestError: the request does not fit the credential's kind.
        SubjectTokenError: the grant does not take the user's token.
    """
    caller = prove_caller(proof, view)
    try:
        return _decide_for(caller, request, view, entry=proof.entry, now=now)
    except TokenVendError as error:
        error.caller = caller.name
        raise


def _decide_for(
    caller: Caller, request: VendRequest, view: RegistryView, *, entry: EntryPoint, now: datetime
) -> Decision:
    grant, definition = _find_grant(view, entry)
    connection = _check_connection(request, grant, definition, view)
    user = _check_user(request, grant, definition, view)
    tenant = check_tenant(request, grant, definition)
    token_scopes, observed = check_scopes(request, grant, definition, now)
    spec = TokenSpec(
        credential=definition.name,
        definition=definition.fingerprint,
        scopes=token_scopes,
        tenant=tenant,
        audience=check_target(Rule.AUDIENCE, request.audience, grant.audiences),
        resources=check_resources(request.resources, grant.resources),
        connection=connection.name if connection else None,
        connection_owner=connection.owner if connection else None,
        caller=caller.name if grant.isolation is Isolation.CALLER else None,
        user=user,
    )
    return Decision(
        caller=caller,
        grant=grant,
        definition=definition,
        spec=spec,
        key=spec.key(),
        requested_scopes=request.scopes if request.scopes is not None else token_scopes,
        observed_scopes=observed,
        connection=connection,
    )


def prove_caller(proof: Proof, view: RegistryView) -> Caller:
    """Return the caller that *proof* proves.

    Raises:
        InvalidClientError: it proves no caller, or one that is blocked.
    """
    caller = view.caller
    if caller is None:
        raise InvalidClientError(rule=Rule.CALLER_KNOWN)
    if caller.unique_id is not None and caller.unique_id != proof.unique_id:
        raise InvalidClientError(rule=Rule.CALLER_UNIQUE_ID, caller=caller.name)
    if _needs_secret(proof) and not _secret_is_known(proof, view.client_secret_hashes):
        raise InvalidClientError(rule=Rule.CALLER_SECRET, caller=caller.name)
    if view.caller_blocked:
        raise InvalidClientError(rule=Rule.CALLER_BLOCKED, caller=caller.name)
    return caller


def _needs_secret(proof: Proof) -> bool:
    return proof.entry is EntryPoint.OAUTH2 and proof.workload is None


def _secret_is_known(proof: Proof, hashes: tuple[str, ...]) -> bool:
    if proof.client_secret is None:
        return False
    presented = proof.client_secret.sha256
    # Every hash is compared, so that the time taken does not reveal which one matched.
    matches = [compare_digest(presented, known) for known in hashes]
    return any(matches)


def _find_grant(view: RegistryView, entry: EntryPoint) -> tuple[Grant, CredentialDefinition]:
    if view.grant is None:
        raise UnauthorizedClientError(rule=Rule.GRANT_EXISTS)
    if view.definition is None:
        raise UnauthorizedClientError(rule=Rule.CREDENTIAL_EXISTS)
    if view.credential_blocked:
        raise UnauthorizedClientError(rule=Rule.CREDENTIAL_BLOCKED)
    if view.definition.kind is CredentialKind.API_KEY and entry is EntryPoint.OAUTH2:
        # A standard client would send the key as a bearer token. The error is the same as without
        # a grant, so that a stolen client secret does not reveal that there is a key.
        raise UnauthorizedClientError(rule=Rule.API_KEY_ENTRY)
    return view.grant, view.definition


def _check_connection(
    request: VendRequest, grant: Grant, definition: CredentialDefinition, view: RegistryView
) -> ConnectionKey | None:
    if definition.kind is not CredentialKind.AUTHORIZATION_CODE:
        if request.connection is not None:
            raise InvalidRequestError(
                "This credential has no connections: leave connection out.", rule=Rule.CONNECTION
            )
        return None
    if grant.connections == SUBJECT_CONNECTIONS:
        return _picked_connection(request, grant, view)
    refuse_user(request.user)
    if request.connection is None:
        raise InvalidRequestError(
            "This credential needs a user's connection: name one in connection.",
            rule=Rule.CONNECTION,
        )
    # Imported here because few requests name a connection, and an import slows a cold start.
    from tokenvend.domain.connection import ConnectionKey, parse_connection_name

    owner, name = parse_connection_name(request.connection, owner=grant.caller)
    if not grant.covers_connection(owner, name):
        # The same error as for a connection that does not exist.
        raise ConsentRequiredError(rule=Rule.CONNECTION_GRANTED)
    check_not_blocked(view, owner)
    return ConnectionKey(credential=definition.name, owner=owner, name=name)


def _check_user(
    request: VendRequest, grant: Grant, definition: CredentialDefinition, view: RegistryView
) -> str | None:
    """Return the key of the user on whose behalf the token is requested; `None`: no user."""
    if definition.kind is CredentialKind.AUTHORIZATION_CODE:
        return None
    if not definition.acts_for_users:
        refuse_user(request.user)
        return None
    from tokenvend.domain.users import granted_user

    user = granted_user(request.user, grant)
    check_not_blocked(view, grant.caller)
    return user.key


def _picked_connection(request: VendRequest, grant: Grant, view: RegistryView) -> ConnectionKey:
    from tokenvend.domain.connection import ConnectionKey
    from tokenvend.domain.users import picked_connection

    name = picked_connection(request, grant)
    check_not_blocked(view, grant.caller)
    return ConnectionKey(credential=grant.credential, owner=grant.caller, name=name)


def refuse_user(user: User | None) -> None:
    """Refuse a request with a user's token under a grant that uses none, instead of ignoring it.

    Raises:
        InvalidRequestError: there is a user's token.
    """
    if user is not None:
        raise InvalidRequestError(
            "This grant does not accept a user's token: leave subject_token out.",
            rule=Rule.SUBJECT_TOKEN,
        )


def check_not_blocked(view: RegistryView, owner: str) -> None:
    """Refuse a blocked connection: the one of *owner* with the name that *view* was read for.

    The error is not `consent_required`, because a new consent would not help.

    Raises:
        UnauthorizedClientError: the connection is blocked.
    """
    if view.is_connection_blocked(owner):
        raise UnauthorizedClientError(rule=Rule.CONNECTION_BLOCKED)
