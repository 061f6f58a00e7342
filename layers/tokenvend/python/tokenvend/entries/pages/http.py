"""Parse a browser's requests, and build answers with security headers and cookies."""

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

#: Nothing is loaded but our style, no script runs, no site may frame a page, and forms go to our
#: own origin only.
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
    """One request of a browser. `route` is the route in the API, such as `/connect/{link}`."""

    method: str
    route: str
    parameters: Mapping[str, str]
    query: Query
    cookies: Mapping[str, str]
    is_cross_site: bool

    @property
    def link(self) -> Secret | None:
        """The ticket in the path; `None` if it is malformed."""
        value = self.parameters.get("link", "")
        return Secret(value) if _TICKET.fullmatch(value) else None

    def browser(self, state: Secret) -> Secret | None:
        """Return the value of the cookie that belongs to *state*; `None` without a valid one."""
        value = self.cookies.get(cookie_name(state), "")
        return Secret(value) if _COOKIE_VALUE.fullmatch(value) else None


def parse_browsed(event: Mapping[str, Any]) -> BrowserRequest:
    """Parse an API Gateway proxy event of a page."""
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
    """Build the proxy answer with a page and its security headers."""
    headers = dict(_HEADERS)
    if cookie is not None:
        headers["Set-Cookie"] = cookie
    return {"statusCode": status, "headers": headers, "body": html}


def cookie_name(state: Secret) -> str:
    """Return the name of one flow's cookie, so that flows in two tabs do not share a cookie.

    With `__Host-` no other host can set the cookie (RFC 6265bis §4.1.3).
    """
    return f"__Host-tokenvend-{state.sha256[:16]}"


def binding_cookie(state: Secret, browser: Secret, lasts: timedelta) -> str:
    """Return the `Set-Cookie` that binds a flow to the browser in which *Continue* was pressed."""
    return _cookie(cookie_name(state), browser.reveal(), int(lasts.total_seconds()))


def forgetting_cookie(state: Secret) -> str:
    """Return the `Set-Cookie` that deletes the flow's cookie."""
    return _cookie(cookie_name(state), "", 0)


def _cookie(name: str, value: str, seconds: int) -> str:
    return f"{name}={value}; Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Lax"


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the last value of each header, by its name in lower case; cookies are joined."""
    found: dict[str, str] = {}
    for name, values in (event.get("multiValueHeaders") or {}).items():
        lower = name.lower()
        found[lower] = "; ".join(values) if lower == "cookie" else str(values[-1])
    for name, value in (event.get("headers") or {}).items():
        found.setdefault(name.lower(), str(value))
    return found


def _cookies(text: str) -> dict[str, str]:
    """Parse `Cookie`. Of two cookies of a name, the first counts: its path is more specific."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.strip().partition("=")
        if equals:
            found.setdefault(name, value)
    return found
