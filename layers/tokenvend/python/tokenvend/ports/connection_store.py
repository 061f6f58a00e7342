"""Ports for connections (users' consents) and for consent sessions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from tokenvend.domain.secret import Secret

if TYPE_CHECKING:  # a vend uses none of these at run time; each class costs cold-start time
    from tokenvend.domain.connection import Connection, ConnectionKey, JournalEntry, PendingConsent
    from tokenvend.domain.consent import ConsentSession
    from tokenvend.domain.journal import Successor


class StoreResult(Enum):
    """The result of storing a refresh token's successor.

    `SUPERSEDED`: a newer refresh token is stored. `GONE`: the connection does not exist any more.
    """

    STORED = auto()
    SUPERSEDED = auto()
    GONE = auto()


class ConnectionReader(Protocol):
    """Reads connections."""

    def read(self, key: ConnectionKey) -> Connection | None:
        """Read the newest item (strongly consistent). A part that cannot be trusted is absent.

        Raises:
            StoreAwayError: the table or the key does not answer.
        """


class ConnectionStore(ConnectionReader, Protocol):
    """Stores consents, their refresh tokens and journals: one item per connection.

    Every method raises StoreAwayError when the table or the key does not answer.
    """

    def put_pending(self, key: ConnectionKey, pending: PendingConsent) -> None:
        """Store *pending* in place of a former pending consent; leave the rest of the item."""

    def put_consent(self, before: Connection | None, after: Connection) -> bool:
        """Replace the item read as *before* by *after*; both have the same key.

        `False`: the stored or the pending consent has changed since, so a one-time code completes
        one connection only. A refresh token that was rotated meanwhile does not count as a change.
        """

    def begin_redemption(
        self, before: Connection, journal_entry: JournalEntry
    ) -> Connection | None:
        """Write *journal_entry* into the journal if it is as in *before*; return the item after it.

        `None`: nothing was written, because the journal or the refresh token has changed since,
        or because the write was throttled. A write that was repeated after it had succeeded
        counts as written.
        """

    def finish_redemption(self, redeemed: Connection, successor: Successor) -> StoreResult:
        """Store the *successor* of the refresh token in *redeemed*, if that is still the newest.

        This is the only condition: neither the journal's holder nor a consent marked as lost
        matters. A throttled write raises StoreThrottledError: the caller must try it again.
        """

    def release_redemption(
        self, redeemed: Connection, journal_entry: JournalEntry, *, retry_at: datetime
    ) -> None:
        """Let others redeem from *retry_at* on, if the journal still holds *journal_entry*."""

    def mark_lost(self, connection: Connection, journal_entry: JournalEntry) -> bool:
        """Mark the consent as lost, if the journal still holds *journal_entry*.

        Of all that try, only one gets `True`.
        """

    def drop_pending(self, connection: Connection) -> None:
        """Delete *connection*'s pending consent, or the whole item if it has no other consent."""

    def delete(self, key: ConnectionKey) -> Connection | None:
        """Delete the item; return what it held."""

    def owned_by(self, owner: str) -> list[Connection]:
        """Return the connections that the caller *owner* started, in no particular order."""

    def all(self) -> Iterator[Connection]:
        """Yield every connection that can be trusted, in no particular order, page by page."""


class ConsentSessionStore(Protocol):
    """Stores consent sessions, each under a ticket that is valid for one use.

    Every method raises StoreAwayError when the table or the key does not answer.
    """

    def put(self, ticket: Secret, session: ConsentSession) -> None:
        """Store *session* under a new *ticket*."""

    def read(self, ticket: Secret) -> ConsentSession | None:
        """Return the session of *ticket* without using the ticket up (strongly consistent).

        `None`: the ticket is unknown, or was used.
        """

    def take(self, ticket: Secret) -> ConsentSession | None:
        """Use *ticket* up and return its session; of all that try, only one gets the session."""
