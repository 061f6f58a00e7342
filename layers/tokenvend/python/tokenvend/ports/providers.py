"""Ports for providers' endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a vend uses none of these at run time; each class costs cold-start time
    from tokenvend.domain.oauth.token_request import ProviderRequest
    from tokenvend.domain.oauth.token_response import ProviderResponse
    from tokenvend.domain.token_presentation import RequestParts


class OAuthEndpointClient(Protocol):
    """Sends requests to a provider's token endpoint and its other OAuth endpoints."""

    def send(self, request: ProviderRequest) -> ProviderResponse:
        """Send *request* without following redirects; return the complete response.

        The response records which values of *request* were confidential.

        Raises:
            ProviderAwayError: no complete response within `bounds.PROVIDER_TOTAL_SECONDS`.
            CredentialNotReadyError: the client's certificate cannot be used.
        """


class ProviderApiClient(OAuthEndpointClient, Protocol):
    """An `OAuthEndpointClient` that can also call the provider's API with a user's access token."""

    def get(self, url: str, *, parts: RequestParts) -> ProviderResponse:
        """Get *url* with *parts*, which carry the access token, within the bounds of `send`.

        Raises:
            ProviderAwayError: as for `send`.
        """
