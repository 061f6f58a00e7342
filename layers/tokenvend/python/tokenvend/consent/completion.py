"""Complete a connection: a caller returns the one-time code that its user brought back."""

from datetime import datetime
from typing import assert_never

from tokenvend.domain.connection import CannotComplete, Connection, ConnectionKey, complete
from tokenvend.domain.connection_request import ConnectionRequest
from tokenvend.domain.errors import AccountChangedError, InvalidGrantError
from tokenvend.ports import ConnectionStore


def complete_connection(
    connections: ConnectionStore, request: ConnectionRequest, key: ConnectionKey, *, now: datetime
) -> Connection:
    """Replace the consent of *key* by its pending one, if *request* has the one-time code.

    Raises:
        InvalidGrantError: the code is not this connection's, was used, or has expired; or the user
            consented at another host than before.
        AccountChangedError: the user consented with another account than before.
    """
    before = connections.read(key)
    if before is None or request.code is None:
        raise _wrong_code("nothing_pending")
    after = complete(
        before,
        request.code,
        now=now,
        may_change_account=request.may_change_account,
    )
    match after:
        case Connection():
            if not connections.put_consent(before, after):
                raise _wrong_code("completed_meanwhile")
            return after
        case CannotComplete.ANOTHER_ACCOUNT:
            raise AccountChangedError(
                "The user consented with another account than before. If the user wants that,"
                " complete with may_change_account=true.",
                rule="connection.account_changed",
            )
        case CannotComplete.ANOTHER_HOST:
            raise InvalidGrantError(
                "The user consented at another host than before: disconnect the connection first.",
                rule="connection.another_host",
            )
        case CannotComplete() as reason:
            raise _wrong_code(reason.name.lower())
        case unreachable:
            assert_never(unreachable)


def _wrong_code(reason: str) -> InvalidGrantError:
    return InvalidGrantError(
        "This code does not complete this connection: it is another one's, was used, or has"
        " expired.",
        rule=f"connection.{reason}",
    )
