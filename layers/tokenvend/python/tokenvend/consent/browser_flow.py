"""The steps of a user's browser in a consent: show who asks, go to the provider, come back.

    show ──► proceed: the link is used up, ──► the provider ──► come_back: the state is used up,
             the browser is bound                                a pending connection is kept

Nothing here completes a connection: only the caller does, with the one-time code that comes to
its return URL, having checked its own user's session.
"""

import secrets
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import uuid4

from tokenvend.consent.code_exchange import CodeExchange
from tokenvend.consent.flow_steps import (
    ApplicationRedirect,
    ConsentFlowEndedError,
    ConsentPrompt,
    FlowEndReason,
    ProviderRedirect,
)
from tokenvend.consent.own_host import permit_at
from tokenvend.consent.permission import read_view, recheck_consent_grant
from tokenvend.domain import bounds
from tokenvend.domain.connection import Consent, PendingConsent
from tokenvend.domain.consent import BrowserFlow, ConsentSession, code_challenge_of
from tokenvend.domain.errors import (
    ProviderRefusedError,
    TemporarilyUnavailableError,
    store_unavailable,
)
from tokenvend.domain.oauth.authorization import (
    ACCESS_DENIED,
    NotAuthorized,
    Query,
    build_authorization_url,
    parse_authorization_response,
    single_value,
)
from tokenvend.domain.oauth.code_exchange import Consented
from tokenvend.domain.secret import Secret
from tokenvend.ports import (
    Clock,
    ConnectionStore,
    ConsentSessionStore,
    ProviderApiClient,
    SecretStore,
    StoreAwayError,
    VendReader,
)
from tokenvend.vending.provider_secret import read_secret


class BrowserFlowSteps:
    """The use case behind the consent pages."""

    def __init__(
        self,
        *,
        reader: VendReader,
        connections: ConnectionStore,
        sessions: ConsentSessionStore,
        secret_store: SecretStore,
        provider: ProviderApiClient,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._connections = connections
        self._sessions = sessions
        self._secrets = secret_store
        self._code = CodeExchange(secret_store=secret_store, provider=provider, clock=clock)
        self._clock = clock

    def show(self, link: Secret) -> ConsentPrompt:
        """Return who asks for which scopes. The link stays valid: link scanners open it too.

        Raises:
            ConsentFlowEndedError: the link was used, has expired or never existed.
            TokenVendError: what it was started under is gone, or the tables do not answer.
        """
        session = self._read(link)
        if session is None or session.flow is not None or session.is_expired(self._clock.now()):
            raise ConsentFlowEndedError(FlowEndReason.LINK_OVER)
        return self._prompt(session)

    def proceed(self, link: Secret) -> ProviderRedirect:
        """Use up the link, bind the browser, and return the authorization URL at the provider.

        Raises:
            ConsentFlowEndedError, TokenVendError: as `show`; also if the secret is not ready.
        """
        prompt = self.show(link)
        definition, authorization = (
            prompt.consent_grant.definition,
            prompt.consent_grant.authorization,
        )
        secret = read_secret(self._secrets, definition, None)
        if self._take(link) is None:
            raise ConsentFlowEndedError(FlowEndReason.LINK_OVER)
        state, browser, verifier = (Secret(secrets.token_urlsafe(32)) for _ in range(3))
        session = replace(
            prompt.session,
            expires_at=self._clock.now() + bounds.CONSENT_AT_PROVIDER,
            flow=BrowserFlow(browser_sha256=browser.sha256, code_verifier=verifier),
        )
        self._put(state, session)
        url = build_authorization_url(
            authorization,
            client_id=secret.client_id,
            scopes=session.scopes,
            scope_separator=definition.scope_separator,
            state=state,
            code_challenge=code_challenge_of(verifier),
        )
        return ProviderRedirect(prompt, session, url, state, browser, bounds.CONSENT_AT_PROVIDER)

    def come_back(
        self, credential: str, query: Query, browser: Secret | None, *, time_left: timedelta
    ) -> ApplicationRedirect:
        """Exchange the provider's code, store a pending consent, and return the user's next URL.

        State, browser and credential must agree before the state is used up, so that whoever
        stole a state alone cannot even end the flow.

        Raises:
            ConsentFlowEndedError: the state was used, has expired, never was, or is another's.
            ProviderRefusedError: the provider did not do as it should.
            TokenVendError: as `show`.
        """
        state = Secret(single_value(query, "state") or "")
        session, flow = self._session_of(credential, state, browser)
        if time_left < bounds.EXCHANGE_NEEDS:
            raise TemporarilyUnavailableError(
                "Too little time is left for a request to the provider; try again.",
                rule="time_left",
            )
        prompt = self._prompt(session)
        if self._take(state) is None:
            raise ConsentFlowEndedError(FlowEndReason.STATE_OVER)
        response = parse_authorization_response(query, prompt.consent_grant.authorization)
        if isinstance(response, NotAuthorized):
            return self._not_authorized(prompt, response)
        consented, account = self._code.run(
            prompt.consent_grant, response.code, flow.code_verifier, requested_scopes=session.scopes
        )
        code = self._keep(prompt, consented, account)
        return ApplicationRedirect(
            prompt,
            _with_query(session.return_url, connection=session.key.name, code=code.reveal()),
            token_scopes=consented.token.scopes,
        )

    def _session_of(
        self, credential: str, state: Secret, browser: Secret | None
    ) -> tuple[ConsentSession, BrowserFlow]:
        session = self._read(state)
        if session is None or session.flow is None or session.is_expired(self._clock.now()):
            raise ConsentFlowEndedError(FlowEndReason.STATE_OVER)
        if not session.flow.is_same_browser(browser):
            raise ConsentFlowEndedError(FlowEndReason.ANOTHER_BROWSER)
        if session.key.credential != credential:
            raise ConsentFlowEndedError(FlowEndReason.ANOTHER_CREDENTIAL)
        return session, session.flow

    def _not_authorized(
        self, prompt: ConsentPrompt, response: NotAuthorized
    ) -> ApplicationRedirect:
        if response.error != ACCESS_DENIED:
            raise ProviderRefusedError(
                f"The provider did not complete the consent: {response.error}.",
                provider_error=response.error,
                caller=prompt.session.key.owner,
            )
        session = prompt.session
        url = _with_query(session.return_url, connection=session.key.name, error=ACCESS_DENIED)
        return ApplicationRedirect(prompt, url, denied=True)

    def _keep(self, prompt: ConsentPrompt, consented: Consented, account: str | None) -> Secret:
        now = self._clock.now()
        code = Secret(secrets.token_urlsafe(32))
        pending = PendingConsent(
            consent=Consent(
                consent_id=uuid4().hex,
                refresh_token=consented.refresh_token,
                scopes=consented.token.scopes,
                account=account,
                connected_at=now,
                refreshed_at=now,
                refresh_expires_at=consented.refresh_expires_at,
                tenant=prompt.session.tenant,
            ),
            code_sha256=code.sha256,
            expires_at=now + bounds.COMPLETION_CODE,
        )
        try:
            self._connections.put_pending(prompt.session.key, pending)
        except StoreAwayError:
            raise store_unavailable() from None
        return code

    def _prompt(self, session: ConsentSession) -> ConsentPrompt:
        key = session.key
        view = read_view(self._reader, session.identity, key.credential, key.name)
        return ConsentPrompt(session, permit_at(recheck_consent_grant(session, view), session))

    def _read(self, ticket: Secret) -> ConsentSession | None:
        try:
            return self._sessions.read(ticket)
        except StoreAwayError:
            raise store_unavailable() from None

    def _take(self, ticket: Secret) -> ConsentSession | None:
        try:
            return self._sessions.take(ticket)
        except StoreAwayError:
            raise store_unavailable() from None

    def _put(self, ticket: Secret, session: ConsentSession) -> None:
        try:
            self._sessions.put(ticket, session)
        except StoreAwayError:
            raise store_unavailable() from None


def _with_query(url: str, **parameters: str) -> str:
    """*url* with *parameters* after its own."""
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(parameters)]))
    return urlunsplit(parts._replace(query=query))
