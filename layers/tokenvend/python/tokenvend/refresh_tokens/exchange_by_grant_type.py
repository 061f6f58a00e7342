"""Exchange by grant type: by the client alone, or by a user's consent."""

from datetime import timedelta

from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.credential_definition import ScopeMode
from tokenvend.domain.token import AccessToken
from tokenvend.refresh_tokens.refresh_request import RefreshRequest
from tokenvend.refresh_tokens.refresher import Refresher
from tokenvend.vending.exchange import ClientExchange, ExchangeRequest


class ExchangeByGrantType:
    """`vending.exchange.Exchange` for every kind of credential that has tokens."""

    def __init__(self, *, exchange: ClientExchange, refresher: Refresher) -> None:
        self._exchange = exchange
        self._refresher = refresher

    @property
    def expected_duration(self) -> timedelta:
        """See `Exchange`."""
        return self._exchange.expected_duration

    def run(self, exchange_request: ExchangeRequest) -> AccessToken:
        """See `Exchange`."""
        spec = exchange_request.spec
        if spec.connection is None or spec.connection_owner is None:
            return self._exchange.run(exchange_request)
        narrows = exchange_request.definition.token_scope_mode is ScopeMode.NARROWS
        return self._refresher.refresh(
            RefreshRequest(
                key=ConnectionKey(
                    credential=spec.credential, owner=spec.connection_owner, name=spec.connection
                ),
                definition=exchange_request.definition,
                requested_scopes=spec.scopes if narrows and spec.scopes else None,
                deadline=exchange_request.deadline,
                consent_id=spec.consent,
                secret_generation=exchange_request.secret_generation,
            )
        )
