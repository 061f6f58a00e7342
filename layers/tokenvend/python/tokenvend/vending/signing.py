"""Requests to a provider, each with an assertion of its own where the client signs."""

import uuid
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
from tokenvend.ports import (
    AssertionSigner,
    Clock,
    ProviderApi,
    SigningKeyUnusableError,
    StoreAwayError,
)


class SigningClient:
    """A `ports.ProviderApi` that signs what is to be signed just before it is sent.

    So an assertion is as young as it can be, and none is ever sent twice.
    """

    def __init__(self, provider: ProviderApi, signer: AssertionSigner, clock: Clock) -> None:
        self._provider = provider
        self._signer = signer
        self._clock = clock

    def send(self, request: ProviderRequest) -> ProviderResponse:
        """See `ports.ProviderClient`.

        Raises:
            ProviderAwayError: no whole answer in time.
            CredentialNotReadyError: the key cannot sign.
            TemporarilyUnavailableError: KMS does not answer.
        """
        if request.assertion is None:
            return self._provider.send(request)
        form = request.form | {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._sign(request.assertion).reveal(),
        }
        return self._provider.send(replace(request, form=form, assertion=None))

    def get(self, url: str, *, bearer: Secret) -> ProviderResponse:
        """See `ports.ProviderApi`: a user's token needs no client."""
        return self._provider.get(url, bearer=bearer)

    def _sign(self, draft: AssertionDraft) -> Secret:
        try:
            key_id = self._signer.key_id(draft.key)
            signed = signing_input(
                draft, key_id=key_id, now=self._clock.now(), jti=uuid.uuid4().hex
            )
            return client_assertion(signed, self._signer.sign(draft.key, draft.algorithm, signed))
        except SigningKeyUnusableError as error:
            raise CredentialNotReadyError(str(error), rule="assertion.key") from None
        except StoreAwayError:
            raise TemporarilyUnavailableError(
                "KMS does not answer; ask again.", rule="assertion.away"
            ) from None
