"""Check the user's consent for a request that names a connection."""

from tokenvend.domain.decision import Decision
from tokenvend.domain.request import VendRequest
from tokenvend.ports import Clock, ConnectionReader


class ConsentCheck:
    """Reads the connection for each decision, so that no token is vended after a consent ended."""

    def __init__(self, *, connections: ConnectionReader, clock: Clock) -> None:
        self._connections = connections
        self._clock = clock

    def decide(self, decision: Decision, request: VendRequest) -> Decision:
        """Return *decision* with the connection that it names; unchanged if it names none.

        Raises:
            ConsentRequiredError: there is no consent, or none to these scopes.
            InvalidScopeError: the token would carry more than the grant allows.
            StoreAwayError: the connections table does not answer.
        """
        if decision.connection is None:
            return decision
        # Imported here because few requests name a connection.
        from tokenvend.domain.connection_decision import decide_connection

        connection = self._connections.read(decision.connection)
        return decide_connection(decision, request, connection, now=self._clock.now())
