"""Requests to tokenvend, with the same parameter names over every way in."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tokenvend_client.user_token import UserToken

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request for one token: its credential and parameters. `None` means: not requested.

    `user` is the signed-in user's own token, where one goes with the request.
    """

    credential: str
    scope: str | None = None
    audience: str | None = None
    resource: str | None = None
    tenant: str | None = None
    connection: str | None = None
    user: UserToken | None = None

    def parameters(self) -> dict[str, str]:
        """Return the request's own parameters, without the credential's name."""
        named = {
            "scope": self.scope,
            "audience": self.audience,
            "resource": self.resource,
            "tenant": self.tenant,
            "connection": self.connection,
        }
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of tokenvend. Its parameters hold no secret but a connection's one-time code.

    `user` is the token of the signed-in user whom the call is for, if it is for one.
    """

    credential: str
    path: str = "token"
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    user: UserToken | None = None

    def __post_init__(self) -> None:
        """Refuse a malformed parameter (ValueError), here where no secret is in the traceback."""
        for value in self.parameters.values():
            value.encode("utf-8")

    def event(self, proof: Mapping[str, str] | None = None) -> dict[str, object]:
        """Return the call as the event of a direct invocation; *proof* is added to the parameters.

        The event holds the user's token, if the call is for a user.
        """
        user = self.user.parameters() if self.user else {}
        fields: dict[str, object] = {
            "credential": self.credential,
            **self.parameters,
            **(proof or {}),
            **{name: each.reveal() for name, each in user.items()},
        }
        if self.path == "token":
            return fields
        if self.path == "token/reject":
            return {"reject": fields}
        return {"connections": {"action": self.path.rpartition("/")[2], **fields}}


def canonical_scope(scope: str | Iterable[str] | None) -> str | None:
    """Return the scopes sorted and without duplicates, so that equal sets share one token.

    >>> canonical_scope("jobs_write jobs_read jobs_read")
    'jobs_read jobs_write'
    >>> canonical_scope(["jobs_read"])
    'jobs_read'
    """
    if scope is None:
        return None
    words = scope.split() if isinstance(scope, str) else scope
    return " ".join(sorted(set(words)))


def checked_credential(credential: str) -> str:
    """Return *credential* if it can be a part of a URL path.

    Raises:
        ValueError: it cannot be a credential's name.
    """
    if _NAME.fullmatch(credential) is None:
        raise ValueError("a credential's name is lower-case letters, digits and hyphens")
    return credential
