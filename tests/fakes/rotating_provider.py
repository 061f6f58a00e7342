"""A provider whose refresh tokens are good for one use, as SmartRecruiters' are."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from tests.fakes.provider import json_response

from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.ports import ProviderAwayError


class Fault(Enum):
    """What goes wrong with one request."""

    NOT_HEARD = auto()
    ANSWER_LOST = auto()
    BUSY = auto()
    TOO_MANY = auto()
    GARBLED = auto()


@dataclass
class RotatingProvider:
    """`ports.OAuthEndpointClient` for one consent: `refresh-1`, then `refresh-2`, …

    A spent token that comes again ends the consent, as reuse detection does (RFC 9700 §4.14.2),
    unless `has_grace`: then it answers the successor again. `rotates` false: one token for good.
    `interrupt` runs in the middle of each request, when the provider has decided and nobody has
    heard. `ties_scopes`: a refresh that names scopes leaves the refresh token with those alone, as
    Django OAuth Toolkit does; `carries` is what it stands for.
    """

    rotates: bool = True
    has_grace: bool = False
    scope: str | None = None
    ties_scopes: bool = False
    carries: frozenset[str] = frozenset({"jobs_read", "jobs_manage"})
    newest: int = 1
    is_revoked: bool = False
    redeemed: list[str] = field(default_factory=list)
    requests: list[ProviderRequest] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    faults: deque[Fault | None] = field(default_factory=deque)
    interrupt: Callable[[], None] | None = None

    def send(self, request: ProviderRequest) -> ProviderResponse:
        self.requests.append(request)
        if "revoke" in request.url:
            self.revoked.append(request.form["token"])
            self.is_revoked = True
            return json_response({})
        fault = self.faults.popleft() if self.faults else None
        match fault:
            case Fault.NOT_HEARD:
                raise ProviderAwayError("no whole answer: the fake never heard")
            case Fault.BUSY:
                return json_response({}, status=503)
            case Fault.TOO_MANY:
                return json_response({}, status=429, retry_after="7")
            case _:
                answer = self._redeem(request.form["refresh_token"], request.form.get("scope"))
        if self.interrupt is not None:
            self.interrupt()
        if fault is Fault.ANSWER_LOST:
            raise ProviderAwayError("no whole answer: the fake's was lost")
        if fault is Fault.GARBLED:
            return ProviderResponse(200, "text/html", b"<html>welcome</html>")
        return answer

    @property
    def refreshes(self) -> int:
        """How often a refresh token came, good or not."""
        return len(self.redeemed)

    def _redeem(self, token: str, scope: str | None) -> ProviderResponse:
        self.redeemed.append(token)
        number = int(token.removeprefix("refresh-"))
        if self.is_revoked:
            return json_response({"error": "invalid_grant"}, status=400)
        is_of_grace = self.has_grace and number == self.newest - 1
        if number != self.newest and not is_of_grace:
            self.is_revoked = True
            return json_response({"error": "invalid_grant"}, status=400)
        if scope is not None and not frozenset(scope.split()) <= self.carries:
            return json_response({"error": "invalid_scope"}, status=400)
        if self.ties_scopes:
            self.carries = self.carries if scope is None else frozenset(scope.split())
            scope = " ".join(sorted(self.carries))
        if number == self.newest and self.rotates:
            self.newest += 1
        return json_response(self._fields(scope))

    def _fields(self, scope: str | None) -> dict[str, object]:
        fields: dict[str, object] = {
            "access_token": f"access-{len(self.redeemed)}",
            "token_type": "Bearer",
            "expires_in": 1800,
        }
        if self.rotates:
            fields["refresh_token"] = f"refresh-{self.newest}"
        told = self.scope or scope
        if told is not None:
            fields["scope"] = told
        return fields
