"""A caller's connections: start, complete, list, inspect, disconnect.

To start an existing one is to reconnect: it stays in use until the new consent is completed. A
caller sees only its own connections; another's looks absent.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from tokenvend.consent.completion import complete_connection
from tokenvend.consent.disconnection import end_connection
from tokenvend.consent.own_host import started_at
from tokenvend.consent.permission import (
    ConsentGrant,
    check_return_url,
    find_consent_grant,
    read_view,
)
from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, ConnectionKey, is_abandoned
from tokenvend.domain.connection_request import Action, ConnectionRequest
from tokenvend.domain.consent import ConsentSession
from tokenvend.domain.decision import check_not_blocked, refuse_user
from tokenvend.domain.errors import (
    InvalidClientError,
    InvalidTargetError,
    TokenVendError,
    store_unavailable,
)
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.registry import SUBJECT_CONNECTIONS, RegistryView
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret
from tokenvend.domain.tenant_binding import TenantBinding
from tokenvend.domain.users import picked_connection
from tokenvend.ports import (
    Clock,
    ConnectionStore,
    ConsentSessionStore,
    OAuthEndpointClient,
    SecretStore,
    StoreAwayError,
    VendReader,
)
from tokenvend.refresh_tokens.connection_events import PublishEvent
from tokenvend.vending.caller_quotas import CallerQuotas
from tokenvend.vending.memory import Memory


@dataclass(frozen=True, slots=True)
class StartedConsent:
    """A consent that was started: the URL for the user, and when it expires."""

    key: ConnectionKey
    connect_url: str
    started_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class FoundConnections:
    """The connections that were listed."""

    connections: list[Connection]


@dataclass(frozen=True, slots=True)
class Disconnected:
    """A connection that was deleted. `revoked`: the provider confirmed the revocation."""

    key: ConnectionKey
    revoked: bool


#: What a blocked connection's caller may still do: look at it, and end it.
_REFUSED_WHILE_BLOCKED = frozenset({Action.START, Action.COMPLETE})

type ConnectionResult = StartedConsent | Connection | FoundConnections | Disconnected


class CallerConnections:
    """The use case behind `/connections/…` of every entry."""

    def __init__(
        self,
        *,
        reader: VendReader,
        connections: ConnectionStore,
        sessions: ConsentSessionStore,
        secret_store: SecretStore,
        provider: OAuthEndpointClient,
        memory: Memory,
        clock: Clock,
        quotas: CallerQuotas,
        publish: PublishEvent,
    ) -> None:
        self._reader = reader
        self._connections = connections
        self._sessions = sessions
        self._secrets = secret_store
        self._provider = provider
        self._memory = memory
        self._clock = clock
        self._publish = publish
        self._quotas = quotas

    def run(self, proof: Proof, request: ConnectionRequest) -> ConnectionResult:
        """Do what *request* asks for the caller that *proof* proves.

        Raises:
            TokenVendError: one class per reason, see `domain.errors`.
        """
        view = self._view(proof, request)
        found = find_consent_grant(proof, view)
        self._quotas.check(found.caller, self._clock.now())
        try:
            key = _key(request, found)
            if request.action in _REFUSED_WHILE_BLOCKED:
                check_not_blocked(view, key.owner)
            return self._run(proof, request, found, key)
        except StoreAwayError:
            raise store_unavailable() from None
        except TokenVendError as error:
            error.caller = found.caller.name
            raise

    def _view(self, proof: Proof, request: ConnectionRequest) -> RegistryView:
        if self._memory.is_unknown(proof.identity, self._clock.now()):
            raise InvalidClientError(rule=Rule.CALLER_KNOWN)
        view = read_view(self._reader, proof.identity, request.credential, request.connection_name)
        if view.caller is None and proof.entry is EntryPoint.OAUTH2:
            self._memory.remember_unknown(proof.identity, self._clock.now())
        return view

    def _run(
        self, proof: Proof, request: ConnectionRequest, found: ConsentGrant, key: ConnectionKey
    ) -> ConnectionResult:
        match request.action:
            case Action.START:
                return self._start(proof, request, found, key)
            case Action.COMPLETE:
                return complete_connection(self._connections, request, key, now=self._clock.now())
            case Action.LIST:
                return self._list(key)
            case Action.INSPECT:
                return self._existing(key)
            case Action.DISCONNECT:
                return self._disconnect(found, key)
            case unreachable:
                assert_never(unreachable)

    def _start(
        self, proof: Proof, request: ConnectionRequest, found: ConsentGrant, key: ConnectionKey
    ) -> StartedConsent:
        now = self._clock.now()
        session = ConsentSession(
            identity=proof.identity,
            key=key,
            scopes=found.scopes(request.scopes),
            return_url=check_return_url(found, request.return_url),
            expires_at=now + bounds.CONNECT_LINK,
            tenant=self._started_at(found, request, key),
        )
        link = Secret(secrets.token_urlsafe(32))
        connect_url = f"{found.pages_url}/connect/{link.reveal()}"
        self._sessions.put(link, session)
        return StartedConsent(key, connect_url, now, session.expires_at)

    def _started_at(
        self, found: ConsentGrant, request: ConnectionRequest, key: ConnectionKey
    ) -> TenantBinding | None:
        if not found.definition.tenant_values and not request.tenant_values:
            return None
        return started_at(found, request, self._connections.read(key))

    def _list(self, key: ConnectionKey) -> FoundConnections:
        """All of the caller's connections; of a user, the one that its token picks."""
        now = self._clock.now()
        mine = [
            one
            for one in self._connections.owned_by(key.owner)
            if one.key.credential == key.credential
            and key.name in {"", one.key.name}
            and not is_abandoned(one, now)
        ]
        return FoundConnections(sorted(mine, key=lambda one: one.key.name))

    def _existing(self, key: ConnectionKey) -> Connection:
        found = self._connections.read(key)
        if found is None or is_abandoned(found, self._clock.now()):
            raise InvalidTargetError(
                "There is no connection of this name.", rule="connection.exists"
            )
        return found

    def _disconnect(self, found: ConsentGrant, key: ConnectionKey) -> Disconnected:
        self._existing(key)
        _, revoked = end_connection(
            self._connections,
            key,
            found.definition,
            secrets=self._secrets,
            provider=self._provider,
            publish=self._publish,
        )
        return Disconnected(key, revoked)


def _key(request: ConnectionRequest, found: ConsentGrant) -> ConnectionKey:
    """The connection that *request* is about; its name is empty for LIST without a user."""
    grant, name = found.grant, request.connection
    if grant.connections == SUBJECT_CONNECTIONS:
        name = picked_connection(request, grant)
    else:
        refuse_user(request.user)
    return ConnectionKey(credential=request.credential, owner=found.caller.name, name=name)
