"""Requests about a caller's connections: the same parameters over every entry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tokenvend.domain.errors import InvalidRequestError
from tokenvend.domain.names import TARGET, TENANT, TENANT_PARAMETER_PREFIX
from tokenvend.domain.request import RejectionReport, VendRequest, parse_vend_request
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret

if TYPE_CHECKING:
    from tokenvend.domain.users import User

_CODE = re.compile(r"[A-Za-z0-9_-]{20,128}")
_TENANT_VALUE = re.compile(rf"{re.escape(TENANT_PARAMETER_PREFIX)}[a-z][a-z0-9_]{{0,62}}")
_FLAGS = {"true": True, "false": False, True: True, False: False}


class Action(StrEnum):
    """What is done with a connection."""

    START = "start"
    COMPLETE = "complete"
    LIST = "list"
    INSPECT = "inspect"
    DISCONNECT = "disconnect"


#: The parameters of each action, without `credential` and `action`, which all of them have.
PARAMETERS: Mapping[Action, frozenset[str]] = {
    Action.START: frozenset({"connection", "scope", "return_url"}),
    Action.COMPLETE: frozenset({"connection", "code", "may_change_account"}),
    Action.LIST: frozenset(),
    Action.INSPECT: frozenset({"connection"}),
    Action.DISCONNECT: frozenset({"connection"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRequest:
    """One well-formed request about connections.

    `connection` is empty for LIST, and if a user's token picks the connection.
    `may_change_account` permits a consent of another account than before. `user` is the subject of
    the verified user's token that came with the request, if one did. `tenant_values` are those of
    the user's own organisation; only START has them.
    """

    action: Action
    credential: str
    connection: str = ""
    scopes: Scopes | None = None
    return_url: str | None = None
    code: Secret | None = None
    may_change_account: bool = False
    user: User | None = None
    tenant_values: Mapping[str, str] = field(default_factory=dict)

    @property
    def connection_name(self) -> str | None:
        """The connection's name, from the user's token if there is one, else from the request."""
        return self.user.connection_name if self.user is not None else self.connection or None


#: What a caller may ask for, over every entry.
type CallerRequest = VendRequest | RejectionReport | ConnectionRequest


def parse_connection_request(
    action: object,
    credential: object,
    parameters: Mapping[str, object],
    *,
    for_user: bool = False,
) -> ConnectionRequest:
    """Turn the parameters of any entry into a request.

    A connection's name has no owner in it, so a caller can only name its own. *for_user* says that
    a user's token came with the request and picks the connection; a name is then refused.

    Raises:
        InvalidRequestError: a value is missing or malformed; the text names the parameter.
    """
    if not isinstance(action, str) or action not in set(Action):
        raise _malformed("action", f"must be one of {', '.join(Action)}")
    known = PARAMETERS[Action(action)]
    vend_request = parse_vend_request(
        credential, {"scope": parameters.get("scope")} if "scope" in known else {}
    )
    return ConnectionRequest(
        action=Action(action),
        credential=vend_request.credential,
        connection=_name(parameters, for_user=for_user) if "connection" in known else "",
        scopes=vend_request.scopes,
        return_url=_return_url(parameters) if "return_url" in known else None,
        code=_code(parameters) if "code" in known else None,
        may_change_account=_flag(parameters) if "may_change_account" in known else False,
        tenant_values=_tenant_values(parameters) if action == Action.START else {},
    )


def is_tenant_value(parameter: object) -> bool:
    """Whether *parameter* is the name of a tenant value, such as `tenant.domain` (START only)."""
    return isinstance(parameter, str) and _TENANT_VALUE.fullmatch(parameter) is not None


def _tenant_values(parameters: Mapping[str, object]) -> dict[str, str]:
    """Return the tenant values as given; `tenant_binding` checks them against the definition."""
    given: dict[str, str] = {}
    for name in filter(is_tenant_value, parameters):
        value = parameters[name]
        if not isinstance(value, str):
            raise _malformed(name, "must be a text")
        given[name.removeprefix(TENANT_PARAMETER_PREFIX)] = value
    return given


def _name(parameters: Mapping[str, object], *, for_user: bool) -> str:
    value = parameters.get("connection")
    if for_user:
        if value is not None:
            raise _malformed("connection", "must be left out: the user's token picks it")
        return ""
    if not isinstance(value, str) or TENANT.fullmatch(value) is None:
        raise _malformed("connection", "must be a name that you chose, of at most 63 characters")
    return value


def _return_url(parameters: Mapping[str, object]) -> str:
    value = parameters.get("return_url")
    if not isinstance(value, str) or TARGET.fullmatch(value) is None:
        raise _malformed("return_url", "must be one that the grant lists")
    return value


def _code(parameters: Mapping[str, object]) -> Secret:
    value = parameters.get("code")
    if not isinstance(value, str) or _CODE.fullmatch(value) is None:
        raise _malformed("code", "must be the one-time code that came to your return_url")
    return Secret(value)


def _flag(parameters: Mapping[str, object]) -> bool:
    value = parameters.get("may_change_account", False)
    if not isinstance(value, str | bool) or value not in _FLAGS:
        raise _malformed("may_change_account", "must be true or false")
    return _FLAGS[value]


def _malformed(parameter: str, reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"{parameter} {reason}.", rule=f"request.{parameter}")
