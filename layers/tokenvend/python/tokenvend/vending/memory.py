"""The cache of one environment. A request that it answers needs no network.

Its key is an identity with its whole request. `domain/cache_key.py` has the key under which
callers share a token in the table.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import CredentialKind
from tokenvend.domain.decision import Decision
from tokenvend.domain.freshness import trusted_in_memory_until
from tokenvend.domain.registry import RegistryView
from tokenvend.domain.request import VendRequest
from tokenvend.domain.token import AccessToken

type MemoryKey = tuple[str, VendRequest]


@dataclass(frozen=True, slots=True)
class Remembered:
    """A decision and its token, checked against the tables at `checked_at`.

    `trusted_until` is worked out once, so that a hit costs one comparison: the end of the trust in
    memory, or the instant at which the token is overdue, whichever comes first.
    """

    view: RegistryView
    decision: Decision
    token: AccessToken
    checked_at: datetime
    trusted_until: datetime


class Memory:
    """The newest vends, at most `bounds.MEMORY_ENTRIES` of them.

    When it is full, the identity with the most entries loses its least recently used one. So a
    caller that varies its requests without end takes nothing from others.
    """

    def __init__(self, *, trust: timedelta, outage_grace: timedelta) -> None:
        self._trust = trust
        self._outage_grace = outage_grace
        self._vends: OrderedDict[str, OrderedDict[VendRequest, Remembered]] = OrderedDict()
        self._count = 0
        self._unknown: OrderedDict[str, datetime] = OrderedDict()

    def recall(self, key: MemoryKey) -> Remembered | None:
        """Return what was last remembered for *key*, however old it is."""
        identity, request = key
        held = self._vends.get(identity)
        remembered = held.get(request) if held is not None else None
        if held is not None and remembered is not None:
            held.move_to_end(request)
            self._vends.move_to_end(identity)
        return remembered

    def remember(
        self,
        key: MemoryKey,
        view: RegistryView,
        decision: Decision,
        token: AccessToken,
        *,
        checked_at: datetime,
    ) -> None:
        """Remember a vend that was checked at *checked_at*."""
        trusted_until = trusted_in_memory_until(
            decision.key,
            token,
            checked_at=checked_at,
            trust=self._trust_in(decision),
            min_ttl=timedelta(seconds=key[1].min_ttl_seconds),
            is_renewed=decision.definition.kind is not CredentialKind.API_KEY,
        )
        self._put(key, Remembered(view, decision, token, checked_at, trusted_until))

    def _trust_in(self, decision: Decision) -> timedelta:
        # An exchange by another environment voids such a token, and only the table shows that.
        return timedelta(0) if decision.definition.single_active_token else self._trust

    def forget(self, key: MemoryKey) -> None:
        """Forget a vend that the tables no longer allow."""
        identity, request = key
        held = self._vends.get(identity)
        if held is None or held.pop(request, None) is None:
            return
        self._count -= 1
        if not held:
            del self._vends[identity]

    def replace_token(self, key: MemoryKey, token: AccessToken) -> None:
        """Replace the remembered token by *token*; the age of the decision does not change.

        It is trusted no longer than the former: `trusted_until` is never after that token's end.
        """
        identity, request = key
        self._put(key, replace(self._vends[identity][request], token=token))

    def forget_token(self, token_key: str) -> None:
        """Forget every vend of the token under *token_key*."""
        dropped = [
            (identity, request)
            for identity, held in self._vends.items()
            for request, each in held.items()
            if each.decision.key == token_key
        ]
        for key in dropped:
            self.forget(key)

    def outlasts_outage(self, remembered: Remembered, now: datetime) -> bool:
        """Whether the decision in *remembered* still holds while the tables do not answer."""
        return now < remembered.checked_at + self._outage_grace

    def remember_unknown(self, identity: str, now: datetime) -> None:
        """Remember that *identity* is unknown, so that a flood of its requests reads no table."""
        self._unknown[identity] = now + bounds.UNKNOWN_CLIENT_REMEMBERED
        self._unknown.move_to_end(identity)
        if len(self._unknown) > bounds.MEMORY_ENTRIES:
            self._unknown.popitem(last=False)

    def is_unknown(self, identity: str, now: datetime) -> bool:
        """Whether *identity* was found unknown within `bounds.UNKNOWN_CLIENT_REMEMBERED`."""
        until = self._unknown.get(identity)
        return until is not None and now < until

    def _put(self, key: MemoryKey, remembered: Remembered) -> None:
        identity, request = key
        held = self._vends.setdefault(identity, OrderedDict())
        self._count += request not in held
        held[request] = remembered
        held.move_to_end(request)
        self._vends.move_to_end(identity)
        if self._count > bounds.MEMORY_ENTRIES:
            self._forget_one()

    def _forget_one(self) -> None:
        # Among identities with equally many, the first is the least recently used.
        identity, held = max(self._vends.items(), key=lambda each: len(each[1]))
        self.forget((identity, next(iter(held))))
