"""The API that the tokens open: it answers which client and user sent the request."""

import threading
import time
from base64 import b64decode
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tokenvend_local.demo_provider.clients import Book, Client
from tokenvend_local.demo_provider.consents import USERS, User
from tokenvend_local.demo_provider.http import Answer, Request, as_json

#: What SmartRecruiters allows each credential.
REQUESTS_PER_SECOND = 10
CONCURRENT_REQUESTS = 8

#: The scopes by path; a request needs one of them.
PATHS = {
    "/users/me": ("user_me_read", "users_read"),
    "/jobs": ("jobs_read", "jobs_manage"),
    "/candidates": ("candidates_read", "candidates_manage"),
    "/reports": ("reports:read",),
}


@dataclass(frozen=True, slots=True)
class Reach:
    """Who sent a request, and what it may do. `scopes` is `None` if it may do everything."""

    client: Client
    scopes: tuple[str, ...] | None
    target: str | None = None
    user: User | None = None


class RateLimit:
    """The limits of each client: requests in the last second, and concurrent requests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._recent: dict[str, deque[float]] = defaultdict(deque)
        self._open: dict[str, int] = defaultdict(int)

    @contextmanager
    def admit(self, client_id: str) -> Iterator[tuple[bool, dict[str, str]]]:
        """Return whether a request is within the limits, and the headers with what is left."""
        with self._lock:
            recent, now = self._recent[client_id], self._clock()
            while recent and recent[0] <= now - 1:
                recent.popleft()
            left = REQUESTS_PER_SECOND - len(recent)
            places = CONCURRENT_REQUESTS - self._open[client_id]
            admitted = left > 0 and places > 0
            if admitted:
                recent.append(now)
            self._open[client_id] += 1
        try:
            yield (
                admitted,
                {
                    "X-RateLimit-Limit": str(REQUESTS_PER_SECOND),
                    "X-RateLimit-Remaining": str(max(0, left - 1)),
                    "X-RateLimit-Concurrent-Limit": str(CONCURRENT_REQUESTS),
                    "X-RateLimit-Concurrent-Remaining": str(max(0, places - 1)),
                },
            )
        finally:
            with self._lock:
                self._open[client_id] -= 1


def call(book: Book, limit: RateLimit, request: Request) -> Answer:
    """Answer one API request."""
    reach = _reach(book, request)
    if reach is None:
        return _error(401, "Unauthorized", "No valid credential.")
    with limit.admit(reach.client.client_id) as (admitted, headers):
        if not admitted:
            return _error(429, "TooManyRequests", "Slow down.", headers)
        needed = PATHS[request.path]
        if reach.scopes is not None and not set(needed) & set(reach.scopes):
            text = f"Needs one of: {' '.join(needed)}."
            return _error(403, "OAuthPermissionsException", text, headers)
        return as_json(200, _content(request.path, reach), headers)


def _reach(book: Book, request: Request) -> Reach | None:
    if api_key := request.headers.get("x-smarttoken") or request.query.get("api_key"):
        client = book.client_of_api_key(api_key)
        # A request may name an account beside the key; if it does, the account must match.
        account = request.headers.get("x-account")
        return Reach(client, None) if client and account in {None, client.client_id} else None
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        client = _client_of_basic(book, value)
        return Reach(client, None) if client else None
    token = book.token(value) if scheme.lower() == "bearer" else None
    client = book.client(token.client_id) if token else None
    if token is None or client is None:
        return None
    return Reach(client, token.scopes, token.target, USERS.get(token.user_id or ""))


def _client_of_basic(book: Book, encoded: str) -> Client | None:
    """The client whose id is the user name and whose API key is the password (RFC 7617)."""
    try:
        username, _, password = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    client = book.client_of_api_key(password)
    return client if client and client.client_id == username else None


def _content(path: str, reach: Reach) -> dict[str, object]:
    """Return content that shows which client's token it was and what the token carried."""
    company = reach.client.company
    scopes = None if reach.scopes is None else " ".join(reach.scopes)
    carried: dict[str, object] = {"company": company, "scope": scopes, "target": reach.target}
    if path == "/jobs":
        jobs = [{"id": f"job-{n}", "title": title} for n, title in enumerate(JOBS, start=1)]
        return {**carried, "totalFound": len(jobs), "content": jobs}
    if path == "/users/me" and reach.user is not None:
        return {**carried, "id": reach.user.user_id, "name": reach.user.name}
    return {**carried, "id": f"{reach.client.client_id}{path}"}


JOBS = ("Signal engineer", "Night baker", "Cartographer")


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Answer:
    document = {"message": message, "errors": [{"code": code, "message": message}]}
    return as_json(status, document, headers)
