"""Fetch many tokens by few calls, over a way in that takes a batch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tokenvend_client.answers import parse_token
from tokenvend_client.cache import TokenCache
from tokenvend_client.cached_token import CachedToken
from tokenvend_client.clock import Clock
from tokenvend_client.errors import Failure
from tokenvend_client.fetching import ATTEMPT_SECONDS
from tokenvend_client.request import Call, TokenRequest
from tokenvend_client.slot import ABANDONED
from tokenvend_client.ways_in import Document, WayIn

#: The most requests that one direct invocation takes.
BATCH_REQUESTS = 25


@runtime_checkable
class BatchWayIn(Protocol):
    """Makes one attempt at several calls at once."""

    def send_batch(
        self, calls: Sequence[Call], *, timeout_seconds: float
    ) -> Sequence[Document | Failure] | Failure:
        """Return an answer to each of *calls*, in their order, or why the batch failed."""
        ...


@dataclass(frozen=True, slots=True)
class Prefetcher:
    """Fills the cache for many requests. Safe for threads."""

    way_in: WayIn
    cache: TokenCache
    clock: Clock

    def prefetch(self, requests: Iterable[TokenRequest]) -> None:
        """Fetch what is not in the cache and not being fetched; each request at most once.

        The next caller gets the token or the refusal from the cache. If a batch is not answered at
        all, nothing is remembered, and the next caller fetches by itself.
        """
        if not isinstance(self.way_in, BatchWayIn):
            return
        wanted = list(dict.fromkeys(requests))
        for start in range(0, len(wanted), BATCH_REQUESTS):
            self._fetch(self.way_in, wanted[start : start + BATCH_REQUESTS])

    def _fetch(self, way_in: BatchWayIn, requests: Sequence[TokenRequest]) -> None:
        flights = [each for each in map(self.cache.lead, requests) if each is not None]
        outcomes: Sequence[CachedToken | Failure] = ()
        try:
            if flights:
                outcomes = self._ask(way_in, [slot.request for slot, _ in flights])
        finally:
            left = [ABANDONED] * (len(flights) - len(outcomes))
            for (slot, flight), outcome in zip(flights, [*outcomes, *left], strict=True):
                self.cache.finish(slot, flight, outcome)

    def _ask(
        self, way_in: BatchWayIn, requests: Sequence[TokenRequest]
    ) -> Sequence[CachedToken | Failure]:
        calls = [Call(each.credential, parameters=each.parameters()) for each in requests]
        requested_at = self.clock.now()
        answers = way_in.send_batch(calls, timeout_seconds=ATTEMPT_SECONDS)
        if isinstance(answers, Failure) or len(answers) != len(calls):
            return ()
        return [
            answer
            if isinstance(answer, Failure)
            else parse_token(answer.reveal(), request, requested_at=requested_at)
            or Failure("The answer is no token that can be used.")
            for answer, request in zip(answers, requests, strict=True)
        ]
