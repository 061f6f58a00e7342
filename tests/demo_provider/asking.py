"""Requests as a client of the provider sends them."""

from collections.abc import Mapping
from types import MappingProxyType

import requests

from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.clients import Client

TIMEOUT_SECONDS = 30


def ask(
    control: ProviderControl,
    client: Client,
    *,
    basic: bool = False,
    form: Mapping[str, str | list[str]] = MappingProxyType({}),
) -> requests.Response:
    """One token request of *client*, with its id and secret in the body or the header."""
    proof = {"client_id": client.client_id, "client_secret": client.client_secret}
    return requests.post(
        control.token_endpoint(client.flavour),
        data={"grant_type": "client_credentials", **({} if basic else proof), **form},
        auth=(client.client_id, client.client_secret) if basic else None,
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,
    )


def call(control: ProviderControl, path: str, **headers: str) -> requests.Response:
    """One API request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(control.url + path, headers=named, timeout=TIMEOUT_SECONDS)
