"""A browser's requests as API Gateway brings them, and answers that a browser can trust."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tokenvend.domain.oauth.authorization import Query
from tokenvend.domain.secret import Secret
from tokenvend.entries.pages.html import STYLE_HASH

_TICKET = re.compile(r"[A-Za-z0-9_-]{20,128}")
_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{20,128}")
_FROM_OUR_OWN_PAGE = frozenset({"same-origin", "none"})

#: Nothing is loaded, nothing runs, nobody frames it, and forms go nowhere but here.
_POLICY = (
    f"default-src 'none'; style-src '{STYLE_HASH}'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True, slots=True)
class BrowserRequest:
    """One request of a browser: `route` is the API's own, such as `/connect/{link}`."""

    method: str
    route: str
    parameters: Mapping[str, str]
    query: Query
    cookies: Mapping[str, str]
    is_cross_site: bool

    @property
    def link(self) -> Secret | None:
        """The ticket in the path, if it can be one."""
        value = self.parameters.get("link", "")
        return Secret(value) if _TICKET.fullmatch(value) else None

    def browser(self, state: Secret) -> Secret | None:
        """What the cookie of the flow under *state* says, if there is one."""
        value = self.cookies.get(cookie_name(state), "")
        return Secret(value) if _COOKIE_VALUE.fullmatch(value) else None


def parse_browsed(event: Mapping[str, Any]) -> BrowserRequest:
    """The parts of an API Gateway proxy event that a page goes by."""
    headers = _headers(event)
    site = headers.get("sec-fetch-site", "none")
    return BrowserRequest(
        method=str(event.get("httpMethod")),
        route=str(event.get("resource")),
        parameters=event.get("pathParameters") or {},
        query=event.get("multiValueQueryStringParameters") or {},
        cookies=_cookies(headers.get("cookie", "")),
        is_cross_site=site not in _FROM_OUR_OWN_PAGE,
    )


def page_answer(status: int, html: str, cookie: str | None = None) -> dict[str, Any]:
    """A page, with the headers that keep it to itself."""
    headers = dict(_HEADERS)
    if cookie is not None:
        headers["Set-Cookie"] = cookie
    return {"statusCode": status, "headers": headers, "body": html}


def cookie_name(state: Secret) -> str:
    """The cookie of one flow; with a name of its own, two tabs do not get in each other's way.

    With `__Host-` no other host can have set it (RFC 6265bis §4.1.3).
    """
    return f"__Host-tokenvend-{state.sha256[:16]}"


def binding_cookie(state: Secret, browser: Secret, lasts: timedelta) -> str:
    """Binds a flow to the browser in which *Continue* was pressed."""
    return _cookie(cookie_name(state), browser.reveal(), int(lasts.total_seconds()))


def forgetting_cookie(state: Secret) -> str:
    """Ends that binding."""
    return _cookie(cookie_name(state), "", 0)


def _cookie(name: str, value: str, seconds: int) -> str:
    return f"{name}={value}; Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Lax"


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    """The last value of each header, under its name in lower case; cookies are joined."""
    found: dict[str, str] = {}
    for name, values in (event.get("multiValueHeaders") or {}).items():
        lower = name.lower()
        found[lower] = "; ".join(values) if lower == "cookie" else str(values[-1])
    for name, value in (event.get("headers") or {}).items():
        found.setdefault(name.lower(), str(value))
    return found


def _cookies(text: str) -> dict[str, str]:
    """The first cookie of each name: of two, the more specific one comes first."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.strip().partition("=")
        if equals:
            found.setdefault(name, value)
    return found
