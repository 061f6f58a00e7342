"""Which way a token is got: by the client alone, or by a user's consent."""

from datetime import timedelta

from tokenvend.connecting.refresh import Refresher
from tokenvend.connecting.refresh_order import RefreshOrder
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.registry import ScopeMode
from tokenvend.domain.token import AccessToken
from tokenvend.vending.exchange import Exchange, TokenWanted


class KindOfTokenMaker:
    """`vending.exchange.TokenMaker` for every kind of credential that has tokens."""

    def __init__(self, *, exchange: Exchange, refresher: Refresher) -> None:
        self._exchange = exchange
        self._refresher = refresher

    @property
    def expected(self) -> timedelta:
        """See `TokenMaker`."""
        return self._exchange.expected

    def run(self, wanted: TokenWanted) -> AccessToken:
        """See `TokenMaker`."""
        spec = wanted.spec
        if spec.connection is None or spec.connection_owner is None:
            return self._exchange.run(wanted)
        narrows = wanted.definition.token_scope_mode is ScopeMode.NARROWS
        return self._refresher.refresh(
            RefreshOrder(
                key=ConnectionKey(
                    credential=spec.credential, owner=spec.connection_owner, name=spec.connection
                ),
                definition=wanted.definition,
                asked=spec.scopes if narrows and spec.scopes else None,
                dies=wanted.dies,
                consent_id=spec.consent,
                epoch=wanted.epoch,
            )
        )
