"""A user on the way through consent: one session, under two tickets, each good for one use.

    start ──► connect_url: LINK ──Continue──► state: STATE ──callback──► pending connection
              a GET shows it and              bound to the browser       the caller completes it
              consumes nothing                by a cookie

A ticket is 256 random bits; what is stored is found by its SHA-256. The session names the
identity that started it, so that each step asks the registry again: a grant that is taken away
or a block that is put in the meantime ends the flow.
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
    """What *Continue* adds: the browser it was pressed in, and the PKCE verifier (RFC 7636)."""

    browser_sha256: str
    code_verifier: Secret

    def is_same_browser(self, browser: Secret | None) -> bool:
        """Whether *browser*, the cookie's value, is that browser's."""
        return browser is not None and compare_digest(browser.sha256, self.browser_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentSession:
    """A consent that a caller started. `flow` is `None` before *Continue*.

    `tenant` is the customer's host, where each customer has its own.
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
