"""The endpoints of providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tokenvend.domain.secret import Secret

if TYPE_CHECKING:  # a vend names none of these, and would pay for each class at a cold start
    from tokenvend.domain.oauth.token_request import ProviderRequest
    from tokenvend.domain.oauth.token_response import ProviderResponse


class ProviderClient(Protocol):
    """The provider's endpoints."""

    def send(self, request: ProviderRequest) -> ProviderResponse:
        """Send the parameters, follow no redirect, and take the whole answer or none.

        The answer knows what in *request* was confidential.

        Raises:
            ProviderAwayError: no whole answer within `bounds.PROVIDER_TOTAL_SECONDS`.
            CredentialNotReadyError: the client's certificate cannot be used.
        """


class ProviderApi(ProviderClient, Protocol):
    """The provider's endpoints, and what it says to a user's token."""

    def get(self, url: str, *, bearer: Secret) -> ProviderResponse:
        """Get *url* with a token of the provider's own, in the same way and bounds.

        Raises:
            ProviderAwayError: as `send`.
        """
