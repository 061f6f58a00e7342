"""A user consents to an application that does not use tokenvend yet."""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from tokenvend_local.browsing import Browser, Page

_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Application:
    """A client of a provider, by the two endpoints that it knows.

    `basic` says whether its secret goes in the header; otherwise it goes in the body.
    """

    authorization_endpoint: str
    token_endpoint: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    basic: bool = False

    def refresh_token(
        self, scopes: Sequence[str], agree: Callable[[Browser, Page], Page], **more: str
    ) -> str:
        """One of a consent of its own: the code grant with PKCE, the user's part by *agree*."""
        verifier = secrets.token_urlsafe(48)
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "state": "elsewhere",
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(scopes),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **more,
        }
        browser = Browser()
        page = browser.open(f"{self.authorization_endpoint}?{urlencode(asked)}")
        came_back = agree(browser, page)
        code = parse_qs(urlsplit(came_back.url).query)["code"][0]
        answer = self.ask(
            grant_type="authorization_code",
            code=code,
            redirect_uri=self.redirect_uri,
            code_verifier=verifier,
        )
        return str(answer.json()["refresh_token"])

    def refresh(self, refresh_token: str) -> requests.Response:
        """Spend *refresh_token*, as whoever has it can."""
        return self.ask(grant_type="refresh_token", refresh_token=refresh_token)

    def ask(self, **form: str) -> requests.Response:
        """A request to the token endpoint, with what proves the client."""
        proof = {"client_id": self.client_id, "client_secret": self.client_secret}
        return requests.post(
            self.token_endpoint,
            data=form if self.basic else form | proof,
            auth=(self.client_id, self.client_secret) if self.basic else None,
            timeout=_TIMEOUT_SECONDS,
        )
