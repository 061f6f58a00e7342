"""The fake's connections: pending and completed consents of users."""

from dataclasses import dataclass
from typing import Any

from tokenvend_client.request import Call

_LINK_SECONDS = 600


@dataclass(slots=True)
class _Consent:
    """`code` is set while what the user `agreed` to waits for its completion."""

    scope: str | None = None
    account: str | None = None
    completed_at: int | None = None
    agreed: tuple[str, str | None] = ("", None)
    code: str = ""


class Consents:
    """Connections by credential and name."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], _Consent] = {}
        self._links: dict[str, tuple[str, str, str | None]] = {}
        self._started = 0
        self._for_users: set[str] = set()

    def consent(self, connect_url: str, account: str) -> str:
        """Act as a user who opens *connect_url* and agrees: the connection is then pending."""
        credential, name, scope = self._links.pop(connect_url)
        consent = self._found.setdefault((credential, name), _Consent())
        consent.agreed = (account, scope)
        consent.code = f"fake-one-time-code-{connect_url.rpartition('-')[2]}"
        return consent.code

    def act_for_users(self, credential: str) -> None:
        """Vend for signed-in users without their consent."""
        self._for_users.add(credential)

    def connect(self, credential: str, name: str, scope: str | None, now: int) -> None:
        """Add a completed consent."""
        self._found[credential, name] = _Consent(scope, "fake-account", now)

    def lacks_user(self, call: Call) -> bool:
        """Whether the token would be on behalf of a user, but the call has no user's token."""
        return call.credential in self._for_users and call.user is None

    def allows(self, call: Call) -> bool:
        """Whether there is a consent to vend from."""
        if call.credential in self._for_users:
            return True
        name = connection_name_of(call)
        if name is None:
            return True
        found = self._found.get((call.credential, name))
        return found is not None and found.completed_at is not None

    def answer(self, call: Call, now: int) -> dict[str, Any]:
        """Return the fields of the answer to a call about connections."""
        action = call.path.rpartition("/")[2]
        name = connection_name_of(call) or ""
        if action == "start":
            return self._start(call, name, now)
        if action == "list":
            keys = [key for key in self._found if key[0] == call.credential]
            keys = [key for key in keys if call.user is None or key[1] == name]
            return {"connections": [_fields(key[1], self._found[key]) for key in keys]}
        found = self._found.get((call.credential, name))
        if found is None:
            return _refused("invalid_target")
        if action == "complete":
            return self._complete(call, name, found, now)
        if action == "disconnect":
            del self._found[call.credential, name]
            return {"connection": name, "revoked": True}
        return _fields(name, found)

    def _start(self, call: Call, name: str, now: int) -> dict[str, Any]:
        self._started += 1
        url = f"https://connect.example.com/connect/fake-{call.credential}-{name}-{self._started}"
        self._links[url] = (call.credential, name, call.parameters.get("scope"))
        return {
            "connection": name,
            "connect_url": url,
            "expires_in": _LINK_SECONDS,
            "expires_at": now + _LINK_SECONDS,
        }

    def _complete(self, call: Call, name: str, found: _Consent, now: int) -> dict[str, Any]:
        if not found.code or call.parameters.get("code") != found.code:
            return _refused("invalid_grant")
        account, scope = found.agreed
        changed = found.account not in {None, account}
        if changed and call.parameters.get("may_change_account") != "true":
            return _refused("account_changed")
        found.code, found.account, found.scope, found.completed_at = "", account, scope, now
        return _fields(name, found)


def connection_name_of(call: Call) -> str | None:
    """Return the connection of *call*: its user's, or the one that it names."""
    return call.user.connection_name if call.user else call.parameters.get("connection")


def _fields(name: str, consent: _Consent) -> dict[str, Any]:
    if consent.completed_at is None:
        return {"connection": name, "status": "pending"}
    return {
        "connection": name,
        "status": "active",
        **({"scope": consent.scope} if consent.scope else {}),
        "account": consent.account,
        "connected_at": consent.completed_at,
        "refreshed_at": consent.completed_at,
        "refresh_expires_at": None,
    }


def _refused(code: str) -> dict[str, Any]:
    return {"error": code, "error_description": f"The fake has {code}.", "retryable": False}
