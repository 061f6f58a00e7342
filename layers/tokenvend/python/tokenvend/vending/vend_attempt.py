"""One token request in progress, with what memory has for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokenvend.domain.decision import Decision, prove_caller
from tokenvend.domain.errors import InvalidClientError
from tokenvend.domain.identity import Proof
from tokenvend.domain.request import VendRequest
from tokenvend.ports import Lookup, TokenItem
from tokenvend.vending.memory import MemoryKey, Remembered

if TYPE_CHECKING:  # few requests are a user's
    from tokenvend.domain.users import UserToken


@dataclass(frozen=True, slots=True)
class VendAttempt:
    """The caller's proof, the request, and the deadline.

    `deadline` is the end of the invocation, in monotonic seconds. `remembered` is what memory
    holds of the same request, and may be too old to be trusted.
    """

    proof: Proof
    request: VendRequest
    remembered: Remembered | None
    deadline: float
    user_token: UserToken | None = None

    @property
    def key(self) -> MemoryKey:
        """The key of the request in memory."""
        return self.proof.identity, self.request

    @property
    def expected_key(self) -> str | None:
        """The cache key of the remembered token, so that one read can fetch it too."""
        return self.remembered.decision.key if self.remembered else None

    @property
    def lookup(self) -> Lookup:
        """The items to read from the tables."""
        return Lookup(
            identity=self.proof.identity,
            credential=self.request.credential,
            tenant=self.request.tenant,
            token_key=self.expected_key,
            connection=self.request.connection_name,
        )

    def is_of_remembered_caller(self) -> bool:
        """Whether the proof proves the caller whose answer is remembered.

        Who knows only a client's id must not make memory forget what the client has in an outage.
        """
        if self.remembered is None:
            return False
        try:
            prove_caller(self.proof, self.remembered.view)
        except InvalidClientError:
            return False
        return True

    def or_remembered(self, item: TokenItem, decision: Decision) -> TokenItem:
        """Return *item*, with the remembered token if the table has none.

        A token that could not be encrypted is in memory only; without this each check would
        exchange.
        """
        if item.token is not None or decision.key != self.expected_key or self.remembered is None:
            return item
        return replace(item, token=self.remembered.token)
