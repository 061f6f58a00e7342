"""A provider with answers that a test sets."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from threading import Lock

from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.token_presentation import RequestParts
from tokenvend.ports import Clock, ProviderAwayError

type Script = ProviderResponse | Exception | Callable[[ProviderRequest], ProviderResponse]


def json_response(
    fields: object, *, status: int = 200, retry_after: str | None = None
) -> ProviderResponse:
    """An answer of the token endpoint with *fields* as its JSON."""
    return ProviderResponse(
        status=status,
        content_type="application/json",
        body=json.dumps(fields).encode(),
        retry_after=retry_after,
    )


class FakeProvider:
    """`ports.OAuthEndpointClient`: scripted answers first, then a new token for each exchange.

    The tokens are `provider-token-1`, `-2`, …; each lives `expires_in` seconds. With a *clock*,
    every answer takes `takes_seconds` of its time. `before_answer` is called while one is made.
    """

    def __init__(
        self, *, expires_in: int = 1800, clock: Clock | None = None, takes_seconds: float = 0.0
    ) -> None:
        self._lock = Lock()
        self._script: deque[Script] = deque()
        self._clock = clock
        self.expires_in = expires_in
        self.takes_seconds = takes_seconds
        self.is_away = False
        self.before_answer: Callable[[ProviderRequest], None] | None = None
        self.requests: list[ProviderRequest] = []
        #: What was got with which parts of a request, and what is answered to it.
        self.asked: list[tuple[str, RequestParts]] = []
        self.account: dict[str, object] = {"id": "ada"}
        #: How many requests for a token have arrived.
        self.exchanges = 0

    def script(self, *answers: Script) -> None:
        """Give these answers next, in this order."""
        with self._lock:
            self._script.extend(answers)

    def get(self, url: str, *, parts: RequestParts) -> ProviderResponse:
        with self._lock:
            self.asked.append((url, parts))
        if self.is_away:
            raise ProviderAwayError("no whole answer: the fake is away")
        return json_response(self.account)

    def unscript(self) -> None:
        """Answer plainly again."""
        with self._lock:
            self._script.clear()

    def send(self, request: ProviderRequest) -> ProviderResponse:
        with self._lock:
            self.requests.append(request)
            self.exchanges += "grant_type" in request.form
            number = self.exchanges
            scripted = self._script.popleft() if self._script else None
        if self.before_answer is not None:
            self.before_answer(request)
        if self._clock is not None:
            self._clock.sleep(self.takes_seconds)
        if self.is_away:
            raise ProviderAwayError("no whole answer: the fake is away")
        return replace(self._answer(scripted, request, number), sent=request.confidential)

    def _answer(
        self, scripted: Script | None, request: ProviderRequest, number: int
    ) -> ProviderResponse:
        if isinstance(scripted, Exception):
            raise scripted
        if isinstance(scripted, ProviderResponse):
            return scripted
        if scripted is not None:
            return scripted(request)
        fields: dict[str, object] = {
            "access_token": f"provider-token-{number}",
            "token_type": "Bearer",
            "expires_in": self.expires_in,
        }
        if "scope" in request.form:
            fields["scope"] = request.form["scope"]
        return json_response(fields)
