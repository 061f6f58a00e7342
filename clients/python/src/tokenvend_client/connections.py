"""Manage users' consents: start, complete, inspect, list, disconnect."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from tokenvend_client.errors import Failure
from tokenvend_client.request import Call, canonical_scope
from tokenvend_client.secret import Secret
from tokenvend_client.user_token import SubjectToken, UserToken, user_token_of
from tokenvend_client.ways_in import Document

if TYPE_CHECKING:
    from tokenvend_client.user_connection import UserConnection

Send = Callable[[Call], Document | Failure]


@dataclass(frozen=True, slots=True)
class ConsentLink:
    """The link for the user's browser, valid until `expires_at`. Anybody who has it can open it."""

    connection: str
    connect_url: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Connection:
    """One user's consent. All but the name and the status is `None` while it is pending.

    `scope` is what the user agreed to, `account` the provider's own id of the user.
    """

    connection: str
    status: str
    scope: str | None = None
    account: str | None = None
    connected_at: datetime | None = None
    refreshed_at: datetime | None = None
    refresh_expires_at: datetime | None = None


class Connections:
    """The connections that this caller started under one credential: `client.connections(…)`.

    >>> from tokenvend_client.testing import FakeTokenvend
    >>> fake = FakeTokenvend()
    >>> client = fake.client()
    >>> hiring = client.connections("hiring")
    >>> link = hiring.start("user-17", return_url="https://careers.example.com/connected")
    >>> code = fake.consent(link.connect_url)      # what the user does in the browser
    >>> hiring.complete("user-17", code).status
    'active'
    >>> client.token("hiring", connection="user-17").reveal()
    'fake-hiring-1'
    """

    def __init__(
        self,
        credential: str,
        send: Send,
        forget: Callable[[str, str], None],
        forget_user: Callable[[str, UserToken], None],
    ) -> None:
        self._credential = credential
        self._send = send
        self._forget = forget
        self._forget_user = forget_user

    def of_user(self, subject_token: SubjectToken) -> "UserConnection":
        """Return the connection of the signed-in user with this token: no name is needed.

        The grant must say `connections: subject`. The token comes from your application's sign-in.
        """
        # First of all, so that no error's traceback shows it from here.
        subject_token = user_token_of(subject_token)
        from tokenvend_client.user_connection import UserConnection

        return UserConnection(self._credential, subject_token, self._send, self._forget_user)

    def start(
        self,
        connection: str,
        *,
        return_url: str,
        scope: str | Iterable[str] | None = None,
        tenant_values: Mapping[str, str] | None = None,
    ) -> ConsentLink:
        """Start a consent, or a new one of the same name; `scope` defaults to the grant's.

        Keep *connection* in the session of your own user: `complete` must take it from there.
        *tenant_values* are those of the user's own organisation, such as `domain`, where the
        provider has a host for each.

        Raises:
            RefusedError: `return_url` is not one that the grant lists, or a name is malformed.
        """
        requested = {"connection": connection, "return_url": return_url}
        if (wanted := canonical_scope(scope)) is not None:
            requested["scope"] = wanted
        requested |= {f"tenant.{name}": value for name, value in (tenant_values or {}).items()}
        fields = self._ask("start", requested)
        return consent_link_of(fields, connection)

    def complete(
        self, connection: str, code: str | Secret, *, may_change_account: bool = False
    ) -> Connection:
        """Complete a consent with the one-time code that came back to `return_url`.

        Take *connection* from the session of your own user, never from the URL: otherwise a user
        who was sent somebody's link is connected to the wrong account.

        Raises:
            AccountChangedError: it is another account than before; ask, then call again with the
                same code and `may_change_account`.
            RefusedError: the code is another connection's, was used, or has expired.
        """
        code = code if isinstance(code, Secret) else Secret(code)
        requested = {"connection": connection, "code": code.reveal()}
        if may_change_account:
            requested["may_change_account"] = "true"
        call, requested = self._call("complete", requested), {}
        fields = given(self._send(call))
        self._forget(self._credential, connection)
        return connection_of(fields)

    def inspect(self, connection: str) -> Connection:
        """Return the state of a connection.

        Raises:
            RefusedError: there is no connection of that name (`invalid_target`).
        """
        return connection_of(self._ask("inspect", {"connection": connection}))

    def list(self) -> tuple[Connection, ...]:
        """Return all connections that this caller started under this credential."""
        found = self._ask("list", {}).get("connections")
        return tuple(connection_of(each) for each in found) if isinstance(found, list) else ()

    def disconnect(self, connection: str) -> bool:
        """Delete a connection; return whether the provider confirmed the consent's revocation."""
        fields = self._ask("disconnect", {"connection": connection})
        self._forget(self._credential, connection)
        return fields.get("revoked") is True

    async def start_async(
        self,
        connection: str,
        *,
        return_url: str,
        scope: str | Iterable[str] | None = None,
        tenant_values: Mapping[str, str] | None = None,
    ) -> ConsentLink:
        """`start` for asyncio."""
        return await asyncio.to_thread(
            self.start,
            connection,
            return_url=return_url,
            scope=scope,
            tenant_values=tenant_values,
        )

    async def complete_async(
        self, connection: str, code: str | Secret, *, may_change_account: bool = False
    ) -> Connection:
        """`complete` for asyncio."""
        code = code if isinstance(code, Secret) else Secret(code)
        return await asyncio.to_thread(
            self.complete, connection, code, may_change_account=may_change_account
        )

    async def inspect_async(self, connection: str) -> Connection:
        """`inspect` for asyncio."""
        return await asyncio.to_thread(self.inspect, connection)

    async def list_async(self) -> tuple[Connection, ...]:
        """`list` for asyncio."""
        return await asyncio.to_thread(self.list)

    async def disconnect_async(self, connection: str) -> bool:
        """`disconnect` for asyncio."""
        return await asyncio.to_thread(self.disconnect, connection)

    def _call(self, action: str, requested: dict[str, str]) -> Call:
        return Call(self._credential, f"connections/{action}", requested)

    def _ask(self, action: str, requested: dict[str, str]) -> Mapping[str, Any]:
        return given(self._send(self._call(action, requested)))


def given(outcome: Document | Failure) -> Mapping[str, Any]:
    """Return the fields of an answer.

    Raises:
        RefusedError, TemporarilyUnavailableError: there is none.
    """
    if isinstance(outcome, Failure):
        raise outcome.error()
    return outcome.reveal()


def consent_link_of(fields: Mapping[str, Any], connection: str | None = None) -> ConsentLink:
    """Parse the answer to `start`; the name is *connection*, or the one that tokenvend gave."""
    name = str(fields.get("connection", "")) if connection is None else connection
    expires_at = _instant(fields.get("expires_at")) or datetime.now(timezone.utc)
    return ConsentLink(name, str(fields.get("connect_url", "")), expires_at)


def connection_of(fields: Mapping[str, Any]) -> Connection:
    """Parse a connection from tokenvend's answer."""
    return Connection(
        connection=str(fields.get("connection", "")),
        status=str(fields.get("status", "")),
        scope=fields.get("scope"),
        account=fields.get("account"),
        connected_at=_instant(fields.get("connected_at")),
        refreshed_at=_instant(fields.get("refreshed_at")),
        refresh_expires_at=_instant(fields.get("refresh_expires_at")),
    )


def _instant(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return datetime.fromtimestamp(seconds, timezone.utc)
