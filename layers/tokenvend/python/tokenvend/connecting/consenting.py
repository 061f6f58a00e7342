"""What a user goes through: see who asks, continue, be asked by the provider, come back.

    show ──► proceed: the link is used up, ──► the provider ──► come_back: the state is used up,
             the browser is bound                                a pending connection is kept

Nothing here completes a connection: only the caller does, with the one-time code that comes to
its return URL, having checked its own user's session.
"""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import uuid4

from tokenvend.connecting.code import CodeExchange
from tokenvend.connecting.permission import Permit, read_view, still_permitted, store_away
from tokenvend.connecting.steps import Asking, ConsentEndedError, Departure, Return, WhyNot
from tokenvend.domain import bounds
from tokenvend.domain.connection import Consent, PendingConsent
from tokenvend.domain.consent import BrowserFlow, ConsentSession, code_challenge_of
from tokenvend.domain.errors import (
    ProviderRefusedError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.oauth.authorization import (
    ACCESS_DENIED,
    NotAuthorized,
    Query,
    build_authorization_url,
    one_of,
    parse_authorization_response,
)
from tokenvend.domain.oauth.code_exchange import Consented
from tokenvend.domain.secret import Secret
from tokenvend.ports import (
    Clock,
    ConnectionStore,
    ConsentStore,
    ProviderApi,
    SecretStore,
    StoreAwayError,
    VendReader,
)
from tokenvend.vending.secret import read_secret


class Consenting:
    """The use case behind the pages."""

    def __init__(
        self,
        *,
        reader: VendReader,
        connections: ConnectionStore,
        sessions: ConsentStore,
        secret_store: SecretStore,
        provider: ProviderApi,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._connections = connections
        self._sessions = sessions
        self._secrets = secret_store
        self._code = CodeExchange(secret_store=secret_store, provider=provider, clock=clock)
        self._clock = clock

    def show(self, link: Secret) -> Asking:
        """Who asks for what. It consumes nothing: link scanners and previews do as much.

        Raises:
            ConsentEndedError: the link was used, has expired or never was.
            TokenVendError: what it was started under is gone, or the tables are away.
        """
        session = self._read(link)
        if session is None or session.flow is not None or session.is_expired(self._clock.now()):
            raise ConsentEndedError(WhyNot.LINK_OVER)
        return self._asking(session)

    def proceed(self, link: Secret) -> Departure:
        """Use the link up, bind the browser, and say where the provider asks.

        Raises:
            ConsentEndedError, TokenVendError: as `show`; also where the secret is not ready.
        """
        asking = self.show(link)
        definition, authorization = asking.permit.definition, asking.permit.authorization
        secret = read_secret(self._secrets, definition, None)
        if self._take(link) is None:
            raise ConsentEndedError(WhyNot.LINK_OVER)
        state, browser, verifier = (Secret(secrets.token_urlsafe(32)) for _ in range(3))
        session = replace(
            asking.session,
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
        return Departure(asking, session, url, state, browser, bounds.CONSENT_AT_PROVIDER)

    def come_back(
        self, credential: str, query: Query, browser: Secret | None, *, time_left: timedelta
    ) -> Return:
        """Take what the provider sent back, keep it as pending, and say where the user goes.

        State, browser and credential must agree before the state is used up, so that whoever
        stole a state alone cannot even end the flow.

        Raises:
            ConsentEndedError: the state was used, has expired, never was, or is another's.
            ProviderRefusedError: the provider did not do as it should.
            TokenVendError: as `show`.
        """
        state = Secret(one_of(query, "state") or "")
        session, flow = self._session_of(credential, state, browser)
        if time_left < bounds.EXCHANGE_NEEDS:
            raise TemporarilyUnavailableError("Too little time is left.", rule="time_left")
        asking = self._asking(session)
        if self._take(state) is None:
            raise ConsentEndedError(WhyNot.STATE_OVER)
        response = parse_authorization_response(query, asking.permit.authorization)
        if isinstance(response, NotAuthorized):
            return self._not_authorized(asking, response)
        consented, account = self._code.run(
            asking.permit, response.code, flow.code_verifier, asked=session.scopes
        )
        code = self._keep(asking, consented, account)
        return Return(
            asking,
            _with_query(session.return_url, connection=session.key.name, code=code.reveal()),
            token_scopes=consented.token.scopes,
        )

    def _session_of(
        self, credential: str, state: Secret, browser: Secret | None
    ) -> tuple[ConsentSession, BrowserFlow]:
        session = self._read(state)
        if session is None or session.flow is None or session.is_expired(self._clock.now()):
            raise ConsentEndedError(WhyNot.STATE_OVER)
        if not session.flow.is_of(browser):
            raise ConsentEndedError(WhyNot.ANOTHER_BROWSER)
        if session.key.credential != credential:
            raise ConsentEndedError(WhyNot.ANOTHER_CREDENTIAL)
        return session, session.flow

    def _not_authorized(self, asking: Asking, response: NotAuthorized) -> Return:
        if response.error != ACCESS_DENIED:
            raise ProviderRefusedError(
                f"The provider did not send the user back as it should: {response.error}.",
                provider_error=response.error,
                caller=asking.session.key.owner,
            )
        session = asking.session
        url = _with_query(session.return_url, connection=session.key.name, error=ACCESS_DENIED)
        return Return(asking, url, denied=True)

    def _keep(self, asking: Asking, consented: Consented, account: str | None) -> Secret:
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
                refresh_expires_at=_refresh_expires_at(asking.permit, now),
            ),
            code_sha256=code.sha256,
            expires_at=now + bounds.COMPLETION_CODE,
        )
        try:
            self._connections.put_pending(asking.session.key, pending)
        except StoreAwayError:
            raise store_away() from None
        return code

    def _asking(self, session: ConsentSession) -> Asking:
        key = session.key
        view = read_view(self._reader, session.identity, key.credential, key.name)
        return Asking(session, still_permitted(session, view))

    def _read(self, ticket: Secret) -> ConsentSession | None:
        try:
            return self._sessions.read(ticket)
        except StoreAwayError:
            raise store_away() from None

    def _take(self, ticket: Secret) -> ConsentSession | None:
        try:
            return self._sessions.take(ticket)
        except StoreAwayError:
            raise store_away() from None

    def _put(self, ticket: Secret, session: ConsentSession) -> None:
        try:
            self._sessions.put(ticket, session)
        except StoreAwayError:
            raise store_away() from None


def _refresh_expires_at(permit: Permit, now: datetime) -> datetime | None:
    days = permit.authorization.refresh_token_days
    return None if days is None else now + timedelta(days=days)


def _with_query(url: str, **parameters: str) -> str:
    """*url* with *parameters* after its own."""
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(parameters)]))
    return urlunsplit(parts._replace(query=query))
