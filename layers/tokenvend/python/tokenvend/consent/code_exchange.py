"""Exchange the authorization code for a refresh token (RFC 6749 §4.1.3), and learn whose it is."""

from tokenvend.consent.permission import ConsentGrant
from tokenvend.domain.errors import (
    ProviderRefusedError,
    provider_away,
)
from tokenvend.domain.oauth.code_exchange import (
    Consented,
    build_code_request,
    parse_account,
    parse_code_response,
)
from tokenvend.domain.oauth.token_request import ProviderSecret, host_of
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.domain.token_presentation import request_parts
from tokenvend.ports import Clock, ProviderApiClient, ProviderAwayError, SecretStore
from tokenvend.refresh_tokens.revocation import revoke_best_effort
from tokenvend.vending.provider_secret import read_secret, token_presenter

#: In characters: shorter texts, such as `2`, are in many names of accounts by chance.
_LONG = 8


class CodeExchange:
    """Exchanges one code; more scopes than were requested are revoked and not stored."""

    def __init__(
        self, *, secret_store: SecretStore, provider: ProviderApiClient, clock: Clock
    ) -> None:
        self._secrets = secret_store
        self._provider = provider
        self._clock = clock

    def run(
        self,
        consent_grant: ConsentGrant,
        code: Secret,
        code_verifier: Secret,
        *,
        requested_scopes: Scopes,
    ) -> tuple[Consented, str | None]:
        """Exchange *code*; return the tokens, and the account if the provider names it.

        Raises:
            CredentialNotReadyError: the client's own secret is missing or may not go to this host.
            ProviderRefusedError: the provider refuses, or gave more than *requested_scopes*.
            TemporarilyUnavailableError: the provider or Secrets Manager does not answer.
        """
        secret = read_secret(self._secrets, consent_grant.definition, None)
        # Checked before the code is redeemed, because an error after it would lose the consent.
        presented = token_presenter(consent_grant.definition, secret)
        requested_at = self._clock.now()
        request = build_code_request(
            consent_grant.definition,
            consent_grant.authorization,
            code=code,
            code_verifier=code_verifier,
            secret=secret,
        )
        try:
            response = self._provider.send(request)
        except ProviderAwayError:
            raise provider_away() from None
        consented = parse_code_response(
            response,
            consent_grant.definition,
            requested_scopes=requested_scopes,
            requested_at=requested_at,
        )
        self._refuse_wider(consent_grant, consented, requested_scopes)
        if consented.subject is not None:
            return consented, consented.subject
        return consented, self._account(consent_grant, presented(consented.token), secret)

    def _refuse_wider(
        self, consent_grant: ConsentGrant, consented: Consented, requested_scopes: Scopes
    ) -> None:
        if not requested_scopes or consented.token.scopes <= requested_scopes:
            return
        revoke_best_effort(
            consent_grant.definition,
            consented.refresh_token,
            secrets=self._secrets,
            provider=self._provider,
            hint="refresh_token",
        )
        raise ProviderRefusedError(
            "The provider gave more scopes than the user was asked for, so the consent was not"
            " stored.",
            provider_error="scope_widened",
        )

    def _account(
        self, consent_grant: ConsentGrant, token: AccessToken, secret: ProviderSecret
    ) -> str | None:
        """Ask the host that issued *token*, and no other, for the provider's name of the user.

        *token* is sent as a request to the provider's API carries it.
        """
        url = consent_grant.authorization.account_endpoint
        if url is None or host_of(url) != host_of(consent_grant.definition.token_endpoint):
            return None
        try:
            answer = self._provider.get(url, parts=request_parts(token.sent_as, token.access_token))
        except ProviderAwayError:
            return None
        account = parse_account(answer, consent_grant.authorization.account_field)
        # Callers see the account, so it must not be what was sent, which an answer may quote.
        sent = (token.access_token, secret.client_secret, *secret.fields.values())
        return None if account and any(_quotes(account, each) for each in sent) else account


def _quotes(account: str, sent: Secret) -> bool:
    text = sent.reveal()
    return account == text or (len(text) >= _LONG and text in account)
