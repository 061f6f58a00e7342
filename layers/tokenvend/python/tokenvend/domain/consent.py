"""A consent session: one user's consent in progress, found by one-time tickets.

    start ──► connect_url: LINK ──Continue──► state: STATE ──callback──► pending connection
              a GET shows it and              bound to the browser       the caller completes it
              consumes nothing                by a cookie

A ticket is 256 random bits, and its SHA-256 is the key of the stored session. The session records
the identity that started it, and each step reads that identity's grant again. So removing the
grant or adding a block ends the flow.
"""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret
from tokenvend.domain.tenant_binding import TenantBinding


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserFlow:
    """What *Continue* adds to a session: the bound browser, and the PKCE verifier.

    `browser_sha256` is the SHA-256 of the browser's cookie. For the verifier see RFC 7636 §4.1.
    """

    browser_sha256: str
    code_verifier: Secret

    def is_same_browser(self, browser: Secret | None) -> bool:
        """Whether *browser*, a cookie's value, is that of the browser that pressed *Continue*."""
        return browser is not None and compare_digest(browser.sha256, self.browser_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentSession:
    """A consent that a caller started.

    `flow` is `None` before the user presses *Continue*. `tenant` is the customer's host, if each
    customer has its own.
    """

    identity: str
    key: ConnectionKey
    scopes: Scopes
    return_url: str
    expires_at: datetime
    flow: BrowserFlow | None = None
    tenant: TenantBinding | None = None

    def is_expired(self, now: datetime) -> bool:
        """Whether its ticket has expired."""
        return now >= self.expires_at


def code_challenge_of(code_verifier: Secret) -> str:
    """The `code_challenge` of *code_verifier* by the method S256 (RFC 7636 §4.2)."""
    digest = hashlib.sha256(code_verifier.reveal().encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
