"""Tokens, leases and failures, one item per key."""

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
    """What the tokens table holds under one key. An item that cannot be trusted is absent.

    `spec` says what the token is, for a renewal that has no request to go by. `is_in_use`: it
    has been read since it was put, so a renewal is worth it. `is_rejected`: an API refused it.
    """

    token: AccessToken | None = None
    lease: Lease | None = None
    failure: Failure | None = None
    spec: TokenSpec | None = None
    is_in_use: bool = False
    is_rejected: bool = False


EMPTY_ITEM = TokenItem()


class TokenStore(Protocol):
    """Tokens, leases and failures, one item per key."""

    def read(self, key: str) -> TokenItem:
        """The newest item (strongly consistent).

        Raises:
            StoreAwayError: the table does not answer.
        """

    def acquire_lease(
        self, key: str, lease: Lease, *, instead_of: Lease | None
    ) -> TokenItem | None:
        """Make *lease* stand in place of *instead_of*, or of none; the item as it is then.

        The answer is read in the same step as the write, so the winner never acts on what it
        saw before. `None`: lost. A condition that fails and a write that is throttled are both
        lost; a write of ours that was retried after it had succeeded is not.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def put_token(self, key: str, token: AccessToken, *, spec: TokenSpec, lease: Lease) -> bool:
        """Keep *token* and end *lease*, if it still stands.

        The failure, and that the former token was asked for or rejected, are forgotten.

        Raises:
            StoreAwayError: the table or the key does not answer.
        """

    def schedule_renewal(self, key: str, token: AccessToken, slot: RenewalSlot | None) -> None:
        """Have *token* renewed in *slot*, if it is still held; `None`: leave it to expire.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def due(self, slot: RenewalSlot) -> Iterator[str]:
        """The keys of the tokens to renew in *slot*.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def reject(self, key: str, token: AccessToken) -> None:
        """Mark *token*, if it is still held, as refused by an API.

        Raises:
            StoreAwayError: the table does not answer, or asks for patience.
        """

    def release_lease(self, key: str, *, lease: Lease, failure: Failure | None) -> None:
        """End *lease* if it still stands, leaving *failure* for the others.

        Raises:
            StoreAwayError: the table does not answer.
        """
