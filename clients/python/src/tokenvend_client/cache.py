"""The token cache of one process: at most one fetch per token, over threads, tasks and forks."""

import asyncio
import os
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError

from tokenvend_client.cached_token import CachedToken, Freshness
from tokenvend_client.clock import Clock, Instant
from tokenvend_client.errors import Failure
from tokenvend_client.request import TokenRequest
from tokenvend_client.slot import ABANDONED, Flight, Lead, Slot, Step
from tokenvend_client.token import Token
from tokenvend_client.user_token import UserToken

#: Fetches the token of a slot's request for a flight; never raises a temporary failure.
Fetch = Callable[[TokenRequest, Flight], CachedToken | Failure]

#: How many tokens are cached; beyond that, expired ones and then the oldest are dropped.
ENTRIES_DEFAULT = 1000

_GAVE_UP = Failure("No answer of tokenvend came in time.")
_caches: "weakref.WeakSet[TokenCache]" = weakref.WeakSet()


class TokenCache:
    """Tokens by request. Safe for threads, for tasks of any event loop, and after a fork.

    A caller that waits for another caller's fetch gives up after *wait_seconds*.
    """

    def __init__(
        self,
        fetch: Fetch,
        *,
        clock: Clock,
        entries: int = ENTRIES_DEFAULT,
        wait_seconds: float,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._entries = entries
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._slots: dict[TokenRequest, Slot] = {}
        _caches.add(self)

    def slot(self, request: TokenRequest) -> Slot:
        """Return the cache slot of *request*'s token, made if it does not exist."""
        with self._lock:
            slot = self._slots.get(request)
            if slot is None:
                self._make_room()
                slot = self._slots[request] = Slot(request)
            return slot

    def forget(self, credential: str, connection: str) -> None:
        """Drop the cached tokens of a connection whose consent has changed or was deleted."""
        with self._lock:
            for request, slot in self._slots.items():
                if (request.credential, request.connection) == (credential, connection):
                    slot.cached = slot.failure = None

    def forget_user(self, credential: str, user: UserToken) -> None:
        """Do the same for a user's connection, whichever of the user's tokens selected it."""
        with self._lock:
            for request, slot in self._slots.items():
                of_user = request.user is not None and request.user.user == user.user
                if request.credential == credential and of_user:
                    slot.cached = slot.failure = None

    def acquire(
        self, request: TokenRequest, *, min_ttl_seconds: int = 0, refused: Token | None = None
    ) -> Token | Failure:
        """Return a token, from memory or fetched; never *refused*, which an API refused."""
        slot = self.slot(request)
        while True:
            step = self._next_step(slot, min_ttl_seconds, refused)
            if isinstance(step, Token | Failure):
                return step
            if isinstance(step, Lead):
                return _token(self._run_flight(slot, step.flight))
            try:
                outcome = step.future.result(self._wait_seconds)
            except FutureTimeoutError:
                return _GAVE_UP
            if _settles(outcome, step, min_ttl_seconds, refused):
                return _token(outcome)

    async def acquire_async(
        self, request: TokenRequest, *, min_ttl_seconds: int = 0, refused: Token | None = None
    ) -> Token | Failure:
        """Do the same in a task: the event loop is not blocked, and cancelling leaves the fetch."""
        slot = self.slot(request)
        while True:
            step = self._next_step(slot, min_ttl_seconds, refused)
            if isinstance(step, Token | Failure):
                return step
            flight = step.flight if isinstance(step, Lead) else step
            if isinstance(step, Lead):
                threading.Thread(
                    target=self._run_flight, args=(slot, flight), name="tokenvend", daemon=True
                ).start()
            try:
                outcome = await asyncio.wait_for(
                    asyncio.wrap_future(flight.future), self._wait_seconds
                )
            except asyncio.TimeoutError:
                return _GAVE_UP
            if isinstance(step, Lead) or _settles(outcome, flight, min_ttl_seconds, refused):
                return _token(outcome)

    def _next_step(self, slot: Slot, min_ttl_seconds: int, refused: Token | None) -> Step:
        now = self._clock.now()
        with self._lock:
            if refused is not None:
                return slot.next_step_after_refusal(now, refused)
            return slot.next_step(now, min_ttl_seconds)

    def lead(self, request: TokenRequest) -> tuple[Slot, Flight] | None:
        """Return a fetch to make now and to `finish`; `None` if none is needed or possible now."""
        slot = self.slot(request)
        step = self._next_step(slot, 0, None)
        if not isinstance(step, Lead):
            return None
        if step.flight.wait_seconds > 0:
            self.finish(slot, step.flight, ABANDONED)
            return None
        return slot, step.flight

    def finish(
        self, slot: Slot, flight: Flight, outcome: CachedToken | Failure
    ) -> CachedToken | Failure:
        """Record the outcome of a fetch, and pass it to the callers that wait for it."""
        with self._lock:
            outcome = slot.finish(flight, outcome, self._clock.now())
        flight.future.set_result(outcome)
        return outcome

    def _run_flight(self, slot: Slot, flight: Flight) -> CachedToken | Failure:
        outcome: CachedToken | Failure = ABANDONED
        try:
            outcome = self._fetch(slot.request, flight)
        finally:
            outcome = self.finish(slot, flight, outcome)
        return outcome

    def _make_room(self) -> None:
        if len(self._slots) < self._entries:
            return
        now = self._clock.now()
        idle = [slot for slot in self._slots.values() if slot.flight is None]
        ended = [slot for slot in idle if _has_ended(slot, now)]
        for slot in ended or idle[:1]:
            del self._slots[slot.request]
            slot.cached = None

    def after_fork_in_child(self) -> None:
        """Keep the tokens, and drop fetches in progress: their threads are not in this process."""
        self._lock = threading.Lock()
        for slot in self._slots.values():
            slot.flight = None


def _token(outcome: CachedToken | Failure) -> Token | Failure:
    return outcome.token if isinstance(outcome, CachedToken) else outcome


def _settles(
    outcome: CachedToken | Failure, flight: Flight, min_ttl_seconds: int, refused: Token | None
) -> bool:
    """Whether another caller's fetch answers this caller too."""
    if outcome is ABANDONED:
        return False
    if refused is not None:
        return flight.reported is not None
    if isinstance(outcome, Failure):
        return flight.min_ttl_seconds <= min_ttl_seconds
    return flight.min_ttl_seconds >= min_ttl_seconds


def _has_ended(slot: Slot, now: Instant) -> bool:
    return slot.cached is None or slot.cached.freshness(now) is Freshness.EXPIRED


def _after_fork_in_child() -> None:
    for cache in list(_caches):
        cache.after_fork_in_child()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork_in_child)
