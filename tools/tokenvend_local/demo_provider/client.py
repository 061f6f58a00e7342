"""Control the provider from tests and the demo: set it up, make it misbehave, count requests."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import requests

from tokenvend_local.demo_provider.clients import (
    LIFETIME_SECONDS,
    Client,
    Flavour,
    Token,
    TokenExchangeRecord,
)

_TIMEOUT_SECONDS = 5


class ProviderControl:
    """The control listener of one demo provider."""

    def __init__(self, control_url: str, key: str, provider_url: str) -> None:
        self.url = provider_url
        self._control_url = control_url
        self._headers = {"X-Control-Key": key}

    def token_endpoint(self, flavour: Flavour = Flavour.SMARTRECRUITERS) -> str:
        """Return the token endpoint of that flavour."""
        path = "/oauth2/token" if flavour is Flavour.STANDARD else "/identity/oauth/token"
        return self.url + path

    def authorization_endpoint(self, flavour: Flavour = Flavour.SMARTRECRUITERS) -> str:
        """Return the authorization endpoint of that flavour."""
        path = "/oauth2/authorize" if flavour is Flavour.STANDARD else "/identity/oauth/allow"
        return self.url + path

    def add_client(
        self,
        name: str = "client",
        *,
        flavour: Flavour = Flavour.SMARTRECRUITERS,
        scopes: Sequence[str] = (),
        targets: Sequence[str] = (),
        company: str = "Example Company",
        lifetime_seconds: int = LIFETIME_SECONDS,
        api_key: str | None = None,
        redirect_uris: Sequence[str] = (),
    ) -> Client:
        """Add a client whose id starts with *name*, with a secret of its own.

        *targets* are the audiences and resources that it may name (STANDARD only).
        """
        client = Client(
            client_id=f"{name}-{secrets.token_hex(4)}",
            client_secret=secrets.token_urlsafe(24),
            flavour=flavour,
            scopes=tuple(scopes),
            targets=tuple(targets),
            company=company,
            lifetime_seconds=lifetime_seconds,
            api_key=api_key,
            redirect_uris=tuple(redirect_uris),
        )
        document = {name: getattr(client, name) for name in Client.__slots__}
        self._send("POST", "/clients", document)
        return client

    def misbehave(self, **how: Any) -> None:
        """Misbehave as `misbehaviour.Misbehaviour` says; give `client_id` where tests share."""
        self._send("POST", "/misbehaviours", how)

    def behave(self, client_id: str | None = None) -> None:
        """End the misbehaviour towards one client, or all."""
        self._send("DELETE", "/misbehaviours", {"client_id": client_id} if client_id else {})

    def exchanges(self, client_id: str | None = None) -> list[TokenExchangeRecord]:
        """The exchanges so far, oldest first: of one client, or all."""
        found = self._send("POST", "/exchanges", {"client_id": client_id} if client_id else {})
        return [TokenExchangeRecord(**exchange) for exchange in found]

    def issued(self, token: str) -> Token | None:
        """What was issued as *token*, expired or not; `None` if nothing was."""
        found = self._send("POST", "/tokens", {"token": token})
        return Token(**{**found, "scopes": tuple(found["scopes"])}) if found else None

    def change_secret(self, client: Client) -> Client:
        """Give the client another secret, and return it; the old secret is refused from now on."""
        changed = replace(client, client_secret=secrets.token_urlsafe(24))
        self._send("POST", "/clients", {name: getattr(changed, name) for name in Client.__slots__})
        return changed

    def secret_values(self) -> list[str]:
        """Return every client secret, API key and token that this provider ever had."""
        return [str(value) for value in self._send("GET", "/secret-values", {})]

    def _send(self, method: str, path: str, document: Mapping[str, Any]) -> Any:
        answer = requests.request(
            method,
            self._control_url + path,
            json=document,
            headers=self._headers,
            timeout=_TIMEOUT_SECONDS,
        )
        if not answer.ok:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.json().get('message', '')}")
        return answer.json() if answer.content else None
