"""Port for the tokens table: one item per cache key, with its token, lease and failure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease
from tokenvend.domain.renewal import RenewalSlot
from tokenvend.domain.token import AccessToken


@dataclass(frozen=True, slots=True)
class TokenItem:
    """One item of the tokens table. A part that cannot be trusted is read as absent.

    `spec` describes the token, because a scheduled renewal has no request to take that from.
    `is_in_use`: a request used the token since it was stored, so the schedule renews it.
    `is_rejected`: an API refused the token.
    """

    token: AccessToken | None = None
    lease: Lease | None = None
    failure: Failure | None = None
    spec: TokenSpec | None = None
    is_in_use: bool = False
    is_rejected: bool = False


EMPTY_ITEM = TokenItem()


class TokenStore(Protocol):
    """Stores tokens, leases and failures: one item per cache key."""

    def read(self, key: str) -> TokenItem:
        """Read the newest item (strongly consistent).

        Raises:
            StoreAwayError: the table does not answer.
        """

    def acquire_lease(
        self, key: str, lease: Lease, *, instead_of: Lease | None
    ) -> TokenItem | None:
        """Replace the lease *instead_of* (`None`: no lease) by *lease*; return the item after it.

        The write itself returns the item, so the new holder never acts on an older read.
        `None` means that the lease was not acquired: the condition failed, or the write was
        throttled. A write that was repeated after it had succeeded counts as acquired.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def put_token(self, key: str, token: AccessToken, *, spec: TokenSpec, lease: Lease) -> bool:
        """Store *token* and end *lease*; return `False` if *lease* was not held any more.

        This also clears the failure, and the former token's marks "in use" and "rejected".

        Raises:
            StoreAwayError: the table or the key does not answer.
        """

    def schedule_renewal(self, key: str, token: AccessToken, slot: RenewalSlot | None) -> None:
        """Schedule the renewal of *token* in *slot*, or cancel it (`None`), if it is still stored.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def due(self, slot: RenewalSlot) -> Iterator[str]:
        """Yield the cache keys of the tokens to renew in *slot*.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def reject(self, key: str, token: AccessToken) -> None:
        """Mark *token*, if it is still stored, as refused by an API.

        Raises:
            StoreAwayError: the table does not answer, or throttles the write.
        """

    def release_lease(self, key: str, *, lease: Lease, failure: Failure | None) -> None:
        """End *lease* if it is still held, and store *failure* so that other environments see it.

        Raises:
            StoreAwayError: the table does not answer.
        """
