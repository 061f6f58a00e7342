"""Entries in the catalogue's words, of providers that do not exist."""

from typing import Any

from scripts.catalogue.entries import described
from scripts.catalogue.measure import problem_of

ACCOUNT = "${connectionConfig.accountName}"
CLIENT: dict[str, Any] = {"auth_mode": "OAUTH2_CC", "token_url": "https://login.acme.example/token"}
LOGIN: dict[str, Any] = {"auth_mode": "TWO_STEP", "token_url": "https://acme.example/login"}
CONSENT: dict[str, Any] = {
    "auth_mode": "OAUTH2",
    "token_url": "https://login.acme.example/token",
    "authorization_url": "https://login.acme.example/allow",
}
KEY: dict[str, Any] = {"auth_mode": "API_KEY"}


def provider_of(entry: dict[str, Any]) -> dict[str, Any]:
    """*entry* as the file describes it; `validate` has nothing against that."""
    provider, credential = described(entry)
    assert problem_of(provider, credential) is None
    return provider


def provable(entry: dict[str, Any]) -> dict[str, Any]:
    """*entry* with something of the secret in its token request."""
    more = {"token_params": {"user": "${credentials.user}"}} if entry is LOGIN else {}
    return entry | more
