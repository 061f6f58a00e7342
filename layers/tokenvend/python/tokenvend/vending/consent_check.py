"""The consent behind a decision that names a connection."""

from tokenvend.domain.decision import Decision
from tokenvend.domain.request import VendRequest
from tokenvend.ports import Clock, ConnectionReader


class ConsentCheck:
    """Reads the connection each time, so that a lost or withdrawn consent vends nothing more."""

    def __init__(self, *, connections: ConnectionReader, clock: Clock) -> None:
        self._connections = connections
        self._clock = clock

    def decide(self, decision: Decision, request: VendRequest) -> Decision:
        """*decision* as it stands with the connection it names, if it names one.

        Raises:
            ConsentRequiredError: there is no consent, or none to these scopes.
            InvalidScopeError: the token would carry more than the grant allows.
            StoreAwayError: the connections table does not answer.
        """
        if decision.connection is None:
            return decision
        # What few requests need is loaded for them alone.
        from tokenvend.domain.connection_decision import decide_connection

        connection = self._connections.read(decision.connection)
        return decide_connection(decision, request, connection, now=self._clock.now())
