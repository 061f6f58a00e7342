"""Send the token request that a file describes to a token endpoint that records it."""

from collections.abc import Mapping
from typing import Any

from tests.configuration.described import ReceivedRequest, token_endpoint, vend

CLIENT = {"client_id": "id", "client_secret": "s3cret"}
ACCOUNT = CLIENT | {"account_id": "A 1/ü&="}
NO_CLIENT: dict[str, Any] = {"client_authentication": "none"}


def sent_request(
    described: Mapping[str, Any],
    secret: dict[str, str] | None = None,
    *,
    credential: dict[str, Any] | None = None,
    **provider: Any,
) -> ReceivedRequest:
    """Return what the endpoint receives for a file with *described* as its `token_request`."""
    with token_endpoint() as endpoint:
        whole = {"token_endpoint": endpoint.url, "token_request": dict(described)} | provider
        token = vend(whole, secret or ACCOUNT, **(credential or {}))
        assert token.access_token.reveal() == "T"
        return endpoint.asked
