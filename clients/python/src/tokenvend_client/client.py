"""The client: gives tokens to programs that call APIs."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tokenvend_client.cache import ENTRIES_DEFAULT, TokenCache
from tokenvend_client.clock import Clock
from tokenvend_client.connections import Connections
from tokenvend_client.errors import Failure
from tokenvend_client.fetching import TOTAL_SECONDS_DEFAULT, Caller
from tokenvend_client.prefetching import Prefetcher
from tokenvend_client.request import TokenRequest, canonical_scope, checked_credential
from tokenvend_client.slot import Slot
from tokenvend_client.token import Token
from tokenvend_client.user_token import SubjectToken, UserToken, user_token_of
from tokenvend_client.ways_in import WayIn
from tokenvend_client.ways_in.choose import way_in_of_environment

_Text = str | None
_Key = tuple[str, _Text, _Text, _Text, _Text, _Text, UserToken | None]


class Client:
    """Gives tokens, and remembers them until they are stale. Make one for each process.

    `way_in` is an `OAuthClient`, `SignedRequests` or `DirectInvocation`; left out, it comes from
    the environment (`TOKENVEND_URL` or `TOKENVEND_FUNCTION`). `timeout_seconds` limits how
    long a caller without a token waits, all tries and pauses included. `cache_entries` limits the
    number of cached tokens.

    Use it from as many threads and tasks as you like, before and after a fork.

    Raises:
        ConfigurationError: neither an argument nor the environment says where tokenvend is.
    """

    def __init__(
        self,
        way_in: WayIn | None = None,
        *,
        timeout_seconds: float = TOTAL_SECONDS_DEFAULT,
        cache_entries: int = ENTRIES_DEFAULT,
        clock: Clock | None = None,
    ) -> None:
        self._way_in = way_in or way_in_of_environment()
        self._clock = clock or Clock()
        self._monotonic, self._wall = self._clock.monotonic, self._clock.wall
        self._caller = Caller(self._way_in, self._clock, total_seconds=timeout_seconds)
        self._cache = TokenCache(
            self._caller.fetch,
            clock=self._clock,
            entries=cache_entries,
            wait_seconds=self._caller.longest_seconds,
        )
        self._prefetcher = Prefetcher(self._way_in, self._cache, self._clock)
        #: Slots by the unchanged arguments: a quick look-up for nearly every call.
        self._known: dict[_Key, Slot] = {}
        self._known_most = cache_entries

    def token(
        self,
        credential: str,
        *,
        scope: str | Iterable[str] | None = None,
        audience: str | None = None,
        resource: str | None = None,
        tenant: str | None = None,
        connection: str | None = None,
        subject_token: SubjectToken | None = None,
        min_ttl_seconds: int = 0,
    ) -> Token:
        """Return a token for *credential*, from memory if a valid one is cached.

        Ask each time you need one. `scope` is a string or a list; it defaults to the grant's.
        `subject_token` is the signed-in user's own token, for a grant that requires it.
        `min_ttl_seconds` is how long the token must at least stay valid, for long work.

        >>> from tokenvend_client.testing import FakeTokenvend
        >>> client = FakeTokenvend().client()
        >>> client.token("sr-jobs", scope="jobs_read").headers
        {'Authorization': 'Bearer fake-sr-jobs-1'}

        Raises:
            RefusedError: tokenvend refused the request; its subclasses say what to do.
            TemporarilyUnavailableError: try again after its `retry_after_seconds`.
        """
        if subject_token is not None:
            # First of all, so that no error's traceback shows it from here.
            subject_token = user_token_of(subject_token)
        if scope is not None and not isinstance(scope, str):
            scope = canonical_scope(scope)
        key = (credential, scope, audience, resource, tenant, connection, subject_token)
        in_hand = self._in_hand(key, min_ttl_seconds)
        if in_hand is not None:
            return in_hand
        request = self._request(key)
        return _given(self._cache.acquire(request, min_ttl_seconds=min_ttl_seconds))

    async def token_async(
        self,
        credential: str,
        *,
        scope: str | Iterable[str] | None = None,
        audience: str | None = None,
        resource: str | None = None,
        tenant: str | None = None,
        connection: str | None = None,
        subject_token: SubjectToken | None = None,
        min_ttl_seconds: int = 0,
    ) -> Token:
        """Do the same for asyncio: a fetch runs in a thread, and the event loop is not blocked."""
        if subject_token is not None:
            # First of all, so that no error's traceback shows it from here.
            subject_token = user_token_of(subject_token)
        if scope is not None and not isinstance(scope, str):
            scope = canonical_scope(scope)
        key = (credential, scope, audience, resource, tenant, connection, subject_token)
        in_hand = self._in_hand(key, min_ttl_seconds)
        if in_hand is not None:
            return in_hand
        request = self._request(key)
        return _given(await self._cache.acquire_async(request, min_ttl_seconds=min_ttl_seconds))

    def prefetch(
        self,
        credential: str,
        *,
        tenants: Iterable[str] = (),
        connections: Iterable[str] = (),
        scope: str | Iterable[str] | None = None,
        audience: str | None = None,
        resource: str | None = None,
    ) -> None:
        """Fetch the tokens of many tenants or connections by few calls, before `token` needs them.

        One direct invocation takes 25 requests. With any other way in this does nothing, and each
        token is fetched by `token`. It raises no refusal: `token` does.

        >>> from tokenvend_client.testing import FakeTokenvend
        >>> client = FakeTokenvend().client()
        >>> client.prefetch("sr-partner", tenants=["acme", "globex"], scope="jobs_read")
        >>> client.token("sr-partner", tenant="globex", scope="jobs_read").reveal()
        'fake-sr-partner-2'
        """
        plain = TokenRequest(
            checked_credential(credential),
            scope=canonical_scope(scope),
            audience=audience,
            resource=resource,
        )
        self._prefetcher.prefetch(
            [
                *(replace(plain, tenant=each) for each in tenants),
                *(replace(plain, connection=each) for each in connections),
            ]
        )

    def replace(self, token: Token) -> Token:
        """Report that an API refused *token* (HTTP 401), and return the next one.

        If many threads report the same token, only one report is sent. The answer may be the
        same token again, if there is no other: compare `token_sha256` before you retry.

        Raises:
            RefusedError, TemporarilyUnavailableError: as for `token`.
        """
        return _given(self._cache.acquire(token.request, refused=token))

    async def replace_async(self, token: Token) -> Token:
        """Do the same for asyncio."""
        return _given(await self._cache.acquire_async(token.request, refused=token))

    def connections(self, credential: str) -> Connections:
        """Return the users' connections under *credential*, of `kind: authorization_code`."""
        checked = checked_credential(credential)
        forget, forget_user = self._cache.forget, self._cache.forget_user
        return Connections(checked, self._caller.send, forget, forget_user)

    def _in_hand(self, key: _Key, min_ttl_seconds: int) -> Token | None:
        """Return a cached token that is fresh for the requested time, without taking the lock."""
        slot = self._known.get(key)
        if slot is None or (cached := slot.cached) is None:
            return None
        stale_at = cached.stale_at
        if (
            self._monotonic() + min_ttl_seconds < stale_at.monotonic
            and self._wall() + min_ttl_seconds < stale_at.wall
        ):
            return cached.token
        return None

    def _request(self, key: _Key) -> TokenRequest:
        """Return the request for these arguments, and remember its slot for the next call."""
        credential, scope, audience, resource, tenant, connection, user = key
        request = TokenRequest(
            checked_credential(credential),
            scope=canonical_scope(scope),
            audience=audience,
            resource=resource,
            tenant=tenant,
            connection=connection,
            user=user,
        )
        if len(self._known) >= self._known_most:
            self._known.clear()
        self._known[key] = self._cache.slot(request)
        return request

    def __repr__(self) -> str:
        return f"<Client by {self._way_in!r}>"

    def __reduce__(self) -> Any:
        raise TypeError("a Client cannot be pickled: make one in each process")


def _given(outcome: Token | Failure) -> Token:
    if isinstance(outcome, Failure):
        raise outcome.error()
    return outcome
