"""Users' consents, and users on their way to one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from tokenvend.domain.secret import Secret

if TYPE_CHECKING:  # a vend names none of these, and would pay for each class at a cold start
    from tokenvend.domain.connection import Connection, ConnectionKey, PendingConsent, Redemption
    from tokenvend.domain.consent import ConsentSession
    from tokenvend.domain.journal import Successor


class StoreResult(Enum):
    """What became of a successor: kept, or there is a newer token, or no connection any more."""

    STORED = auto()
    SUPERSEDED = auto()
    GONE = auto()


class ConnectionReader(Protocol):
    """Users' consents, to look at."""

    def read(self, key: ConnectionKey) -> Connection | None:
        """The newest item (strongly consistent). One that cannot be trusted is absent.

        Raises:
            StoreAwayError: the table or the key does not answer.
        """


class ConnectionStore(ConnectionReader, Protocol):
    """Consents, their refresh tokens and journals: one item per connection.

    Every method raises StoreAwayError when the table or the key does not answer.
    """

    def put_pending(self, key: ConnectionKey, pending: PendingConsent) -> None:
        """Keep *pending* beside what is there, instead of one that waited before."""

    def put_consent(self, before: Connection | None, after: Connection) -> bool:
        """Make *after* stand where *before* was read; both are of one key.

        `False`: another consent stands or is pending there by now, so a one-time code is good
        for one completion. A refresh token that was rotated meanwhile is no reason.
        """

    def begin_redemption(self, before: Connection, redemption: Redemption) -> Connection | None:
        """Write *redemption* into the journal that *before* shows; the item as it is then.

        `None`: lost, for the journal or the token is another by now, or the write was
        throttled. A write of ours that was retried after it had succeeded is not lost.
        """

    def finish_redemption(self, redeemed: Connection, successor: Successor) -> StoreResult:
        """Keep the *successor* of the token in *redeemed*, if that is still the newest one.

        Nothing else is asked: not who holds the journal, and not whether the consent counts as
        lost. A throttled write raises StoreThrottledError: it must be tried again.
        """

    def release_redemption(
        self, redeemed: Connection, redemption: Redemption, *, retry_at: datetime
    ) -> None:
        """Let another request redeem from *retry_at* on, if the journal is still *redemption*'s."""

    def mark_lost(self, connection: Connection, redemption: Redemption) -> bool:
        """Mark the consent as lost, if the journal's entry is still this *redemption*.

        `True` for one caller only.
        """

    def drop_pending(self, connection: Connection) -> None:
        """Drop what is pending in *connection*, and the whole item where nothing else is there."""

    def delete(self, key: ConnectionKey) -> Connection | None:
        """Delete the item; what it was."""

    def owned_by(self, owner: str) -> list[Connection]:
        """The connections that the caller *owner* started, in no order."""

    def all(self) -> Iterator[Connection]:
        """Every connection that can be trusted, in no order, page by page."""


class ConsentSessionStore(Protocol):
    """Users on their way through consent, each under a ticket that is good for one use.

    Every method raises StoreAwayError when the table or the key does not answer.
    """

    def put(self, ticket: Secret, session: ConsentSession) -> None:
        """Keep *session* under a new *ticket*."""

    def read(self, ticket: Secret) -> ConsentSession | None:
        """What *ticket* is for, without using it up; `None` once it was used (consistent)."""

    def take(self, ticket: Secret) -> ConsentSession | None:
        """Use *ticket* up: of all who try, one gets the session."""
