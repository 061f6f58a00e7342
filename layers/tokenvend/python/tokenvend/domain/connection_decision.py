"""Decide whether a caller may have a token of a connection's consent, and with which scopes."""

from dataclasses import replace
from datetime import datetime

from tokenvend.domain.connection import Connection, ConnectionStatus, Consent
from tokenvend.domain.credential_definition import ScopeMode
from tokenvend.domain.decision import Decision
from tokenvend.domain.errors import ConsentRequiredError, InvalidScopeError
from tokenvend.domain.registry import Grant
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.scopes import NO_SCOPES, Scopes, format_scope


def decide_connection(
    decision: Decision, request: VendRequest, connection: Connection | None, *, now: datetime
) -> Decision:
    """Complete *decision* with the connection that was read from the table.

    A user may consent to fewer scopes than were requested. A request that names scopes is refused
    unless the user consented to all of them (or the grant has `accept_less`). A request that names
    none gets those of the grant's scopes that the user consented to.

    Raises:
        ConsentRequiredError: there is no consent, it is lost, or it does not have these scopes.
        InvalidScopeError: the token would carry more than the grant allows.
    """
    consent = _consent_of(connection)
    scopes = _token_scopes(decision, request, consent, now)
    spec = replace(decision.spec, consent=consent.consent_id, scopes=scopes)
    return replace(
        decision,
        spec=spec,
        key=spec.key(),
        requested_scopes=request.scopes or NO_SCOPES,
        observed_scopes=NO_SCOPES if decision.grant.full_access else scopes - decision.grant.scopes,
    )


def _consent_of(connection: Connection | None) -> Consent:
    if connection is None or connection.consent is None:
        raise ConsentRequiredError(rule=Rule.CONNECTION_ACTIVE)
    if connection.status is ConnectionStatus.CONSENT_LOST:
        raise ConsentRequiredError(rule=Rule.CONNECTION_LOST)
    return connection.consent


def _token_scopes(
    decision: Decision, request: VendRequest, consent: Consent, now: datetime
) -> Scopes:
    """The scopes that the token will carry."""
    consented, requested_scopes = consent.scopes, decision.spec.scopes
    if not consented:
        return _unknown_scopes(decision)
    if request.scopes is not None and not decision.grant.accept_less:
        _require_consent_to(requested_scopes - consented)
    if decision.definition.token_scope_mode is ScopeMode.FIXED:
        _refuse_beyond_the_grant(decision.grant, consented, now)
        return consented
    given = requested_scopes & consented
    if not given:
        _require_consent_to(requested_scopes)
    return given


def _unknown_scopes(decision: Decision) -> Scopes:
    """Require full access: no scope was ever named, so the token's reach is not known."""
    if not decision.grant.full_access:
        raise InvalidScopeError(
            "It is not known to what the user consented: the grant needs full_access: true.",
            rule=Rule.FULL_ACCESS,
        )
    return NO_SCOPES


def _require_consent_to(missing: Scopes) -> None:
    if missing:
        raise ConsentRequiredError(rule=Rule.CONNECTION_SCOPES, missing_scope=format_scope(missing))


def _refuse_beyond_the_grant(grant: Grant, consented: Scopes, now: datetime) -> None:
    beyond = consented - grant.scopes - grant.observed_scopes(now)
    if beyond and not grant.full_access:
        raise InvalidScopeError(
            "Tokens of this connection always carry all that its user consented to, and the grant"
            f" does not cover {format_scope(beyond)}.",
            rule=Rule.WHOLE_SCOPE,
        )
