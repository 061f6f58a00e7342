"""Fetch issuers' published keys over HTTPS (RFC 7517 §5)."""

import json
from http import HTTPStatus

from tokenvend.adapters.provider_http import RequestsProviderClient
from tokenvend.domain import bounds
from tokenvend.domain.workload.issuer import Jwk
from tokenvend.domain.workload.keys import usable_keys
from tokenvend.ports import IssuerAwayError, ProviderAwayError


class HttpKeySets:
    """`ports.workloads.KeySets` on HTTPS, with a provider's limit of size and a shorter time.

    Redirects are not followed, so keys come only from the URL in the configuration.
    """

    def __init__(self, client: RequestsProviderClient) -> None:
        self._client = client

    def fetch(self, jwks_uri: str) -> tuple[Jwk, ...]:
        """See `ports.workloads.KeySets`."""
        try:
            response = self._client.get_public(jwks_uri)
        except ProviderAwayError as error:
            raise IssuerAwayError(str(error)) from None
        if response.status != HTTPStatus.OK:
            raise IssuerAwayError(f"its keys are answered with {response.status}")
        keys = usable_keys(_keys_in(response.body))
        if not keys:
            raise IssuerAwayError("its answer holds no key that can verify anything")
        return keys


def _keys_in(body: bytes) -> list[object]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return []
    keys = document.get("keys") if isinstance(document, dict) else None
    return keys if isinstance(keys, list) else []


def key_sets(*, allow_loopback_http: bool) -> HttpKeySets:
    """Build the functions' `KeySets`; a fetch takes at most `bounds.ISSUER_TOTAL_SECONDS`."""
    return HttpKeySets(
        RequestsProviderClient(
            allow_loopback_http=allow_loopback_http, total_seconds=bounds.ISSUER_TOTAL_SECONDS
        )
    )
