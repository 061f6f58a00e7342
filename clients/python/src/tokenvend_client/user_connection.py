"""The connection of a signed-in user, selected by the user's own token."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tokenvend_client.connections import (
    Connection,
    ConsentLink,
    Send,
    connection_of,
    consent_link_of,
    given,
)
from tokenvend_client.request import Call, canonical_scope
from tokenvend_client.secret import Secret
from tokenvend_client.user_token import UserToken


class UserConnection:
    """One user's connection under one credential, whose grant says `connections: subject`.

    Make one for each request of your application, with the token of the user who is signed in:
    `client.connections(…).of_user(token)`. No name is needed, and none can be mixed up.

    >>> from tokenvend_client.testing import FakeTokenvend, user_token
    >>> fake, ada = FakeTokenvend(), user_token("ada")
    >>> client = fake.client()
    >>> hiring = client.connections("hiring").of_user(ada)
    >>> link = hiring.start(return_url="https://careers.example.com/connected")
    >>> code = fake.consent(link.connect_url)      # what the user does in the browser
    >>> client.connections("hiring").of_user(ada).complete(code).status
    'active'
    >>> client.token("hiring", subject_token=ada).reveal()
    'fake-hiring-1'
    """

    def __init__(
        self,
        credential: str,
        user: UserToken,
        send: Send,
        forget: Callable[[str, UserToken], None],
    ) -> None:
        self._credential = credential
        self._user = user
        self._send = send
        self._forget = forget

    def start(
        self,
        *,
        return_url: str,
        scope: str | Iterable[str] | None = None,
        tenant_values: Mapping[str, str] | None = None,
    ) -> ConsentLink:
        """Start the user's consent, or a new one; `scope` defaults to the grant's.

        *tenant_values*: see `Connections.start`.

        Raises:
            RefusedError: `return_url` is not one that the grant lists, or the token is refused.
        """
        requested = {"return_url": return_url}
        if (wanted := canonical_scope(scope)) is not None:
            requested["scope"] = wanted
        requested |= {f"tenant.{name}": value for name, value in (tenant_values or {}).items()}
        return consent_link_of(self._ask("start", requested))

    def complete(self, code: str | Secret, *, may_change_account: bool = False) -> Connection:
        """Complete the consent with the one-time code that came back to `return_url`.

        It completes only for the user for whom it was started. If the user's token has expired
        meanwhile, complete with the next one.

        Raises:
            AccountChangedError: it is another account than before; ask, then call again with the
                same code and `may_change_account`.
            RefusedError: the code is another user's, was used, or has expired.
        """
        code = code if isinstance(code, Secret) else Secret(code)
        requested = {"code": code.reveal()}
        if may_change_account:
            requested["may_change_account"] = "true"
        call, requested = self._call("complete", requested), {}
        fields = given(self._send(call))
        self._forget(self._credential, self._user)
        return connection_of(fields)

    def inspect(self) -> Connection:
        """Return the state of the connection.

        Raises:
            RefusedError: the user has no connection (`invalid_target`).
        """
        return connection_of(self._ask("inspect", {}))

    def disconnect(self) -> bool:
        """Delete the connection; return whether the provider confirmed the consent's revocation."""
        fields = self._ask("disconnect", {})
        self._forget(self._credential, self._user)
        return fields.get("revoked") is True

    async def start_async(
        self,
        *,
        return_url: str,
        scope: str | Iterable[str] | None = None,
        tenant_values: Mapping[str, str] | None = None,
    ) -> ConsentLink:
        """`start` for asyncio."""
        return await asyncio.to_thread(
            self.start, return_url=return_url, scope=scope, tenant_values=tenant_values
        )

    async def complete_async(
        self, code: str | Secret, *, may_change_account: bool = False
    ) -> Connection:
        """`complete` for asyncio."""
        code = code if isinstance(code, Secret) else Secret(code)
        return await asyncio.to_thread(self.complete, code, may_change_account=may_change_account)

    async def inspect_async(self) -> Connection:
        """`inspect` for asyncio."""
        return await asyncio.to_thread(self.inspect)

    async def disconnect_async(self) -> bool:
        """`disconnect` for asyncio."""
        return await asyncio.to_thread(self.disconnect)

    def _call(self, action: str, requested: dict[str, str]) -> Call:
        return Call(self._credential, f"connections/{action}", requested, user=self._user)

    def _ask(self, action: str, requested: dict[str, str]) -> Mapping[str, Any]:
        return given(self._send(self._call(action, requested)))

    def __repr__(self) -> str:
        return f"<UserConnection of {self._user!r} under {self._credential}>"
