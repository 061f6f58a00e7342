"""Sign the assertions of requests to a provider, just before they are sent."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tokenvend.domain.errors import CredentialNotReadyError, TemporarilyUnavailableError
from tokenvend.domain.oauth.client_assertion import (
    ASSERTION_TYPE,
    AssertionDraft,
    client_assertion,
    signing_input,
)
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import AwsIdentity
from tokenvend.domain.token_presentation import RequestParts
from tokenvend.ports import (
    AssertionSigner,
    Clock,
    IdentityTokens,
    ProviderApiClient,
    SigningKeyUnusableError,
    StoreAwayError,
)


@contextmanager
def signing_errors(service: str) -> Iterator[None]:
    """Turn the errors of a signature by *service* into those of a request.

    Raises:
        CredentialNotReadyError: the key cannot sign.
        TemporarilyUnavailableError: *service* does not answer.
    """
    try:
        yield
    except SigningKeyUnusableError as error:
        raise CredentialNotReadyError(str(error), rule="assertion.key") from None
    except StoreAwayError:
        raise TemporarilyUnavailableError(
            f"{service} does not answer; ask again.", rule="assertion.away"
        ) from None


class SigningClient:
    """A `ports.ProviderApiClient` that signs a request's assertions just before it sends it.

    So an assertion is as new as possible, and none is sent twice.
    """

    def __init__(
        self,
        provider: ProviderApiClient,
        signer: AssertionSigner,
        clock: Clock,
        identity: IdentityTokens | None = None,
    ) -> None:
        self._provider = provider
        self._signer = signer
        self._clock = clock
        self._identity = identity

    def send(self, request: ProviderRequest) -> ProviderResponse:
        """See `ports.OAuthEndpointClient`.

        Raises:
            ProviderAwayError: no complete answer came in time.
            CredentialNotReadyError: the key cannot sign.
            TemporarilyUnavailableError: KMS or STS does not answer.
        """
        return self._provider.send(self._with_grant(self._with_client(request)))

    def get(self, url: str, *, parts: RequestParts) -> ProviderResponse:
        """See `ports.ProviderApiClient`. It is sent without client authentication."""
        return self._provider.get(url, parts=parts)

    def _with_client(self, request: ProviderRequest) -> ProviderRequest:
        """Return *request* with its client assertion signed (RFC 7523 §2.2), if it has one."""
        if request.assertion is None:
            return request
        form = request.form | {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._sign(request.assertion).reveal(),
        }
        return replace(request, form=form, assertion=None)

    def _with_grant(self, request: ProviderRequest) -> ProviderRequest:
        """Return *request* with its grant's assertion signed (RFC 7523 §2.1), if it has one."""
        grant = request.grant
        if grant is None:
            return request
        signed = self._sign(grant.draft)
        headers, form = request.headers, request.form
        if grant.parameter is None:
            headers = headers | {"Authorization": f"Bearer {signed.reveal()}"}
        else:
            form = form | {grant.parameter: signed.reveal()}
        secret_values = (*request.secret_values, signed)
        return replace(request, headers=headers, form=form, secret_values=secret_values, grant=None)

    def _sign(self, draft: AssertionDraft) -> Secret:
        if isinstance(draft.key, AwsIdentity):
            with signing_errors("STS"):
                return self._identity_token(draft.audience)
        with signing_errors("KMS"):
            key_id = self._signer.key_id(draft.key)
            signed = signing_input(
                draft, key_id=key_id, now=self._clock.now(), jti=uuid.uuid4().hex
            )
            return client_assertion(signed, self._signer.sign(draft.key, draft.algorithm, signed))

    def _identity_token(self, audience: str) -> Secret:
        """Return AWS's token for *audience*, which names the role of the calling function."""
        if self._identity is None:
            raise SigningKeyUnusableError(
                "This client is proven by the AWS identity of tokenvend's functions, which nobody"
                " else has."
            )
        return self._identity.token(audience)
