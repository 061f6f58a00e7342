"""Requests for a token: the same parameters over every entry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokenvend.domain import bounds
from tokenvend.domain.errors import (
    InvalidRequestError,
    InvalidScopeError,
    InvalidTargetError,
    UnsupportedGrantTypeError,
)
from tokenvend.domain.names import CONNECTION, NAME, TARGET, TENANT
from tokenvend.domain.scopes import Scopes, parse_scope
from tokenvend.domain.secret import Secret

if TYPE_CHECKING:  # few requests are a user's
    from tokenvend.domain.users import User
    from tokenvend.domain.workload.exchange_request import SubjectToken

CLIENT_CREDENTIALS = "client_credentials"
#: RFC 8693: the caller proves itself by a token of an issuer that the configuration trusts.
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"

#: The type of the token that a token exchange returns (RFC 8693 §3).
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"

#: Every parameter of a request for a token, whatever the entry.
PARAMETERS = frozenset(
    {"grant_type", "scope", "audience", "resource", "tenant", "connection", "min_ttl_seconds"}
)

#: A platform's token that proves the caller, or the token of its signed-in user.
SUBJECT_TOKEN = "subject_token"

#: The further parameters of a token exchange (RFC 8693 §2.1).
EXCHANGE_PARAMETERS = frozenset({SUBJECT_TOKEN, "subject_token_type", "requested_token_type"})

#: The parameters of a rejection: those of the request that vends the token, and the token.
REJECTION_PARAMETERS = PARAMETERS | {"token", "token_sha256"}

_SHA256 = re.compile(r"[0-9a-f]{64}")
_WHOLE_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class VendRequest:
    """One well-formed request for a token. `None` means that the request does not name one.

    `resources` are sorted, without repetition. `min_ttl_seconds` is the least remaining lifetime of
    the token; 0 for any. `user` is the subject of the verified user's token that came with the
    request, if one did.
    """

    credential: str
    scopes: Scopes | None = None
    audience: str | None = None
    resources: tuple[str, ...] = ()
    tenant: str | None = None
    connection: str | None = None
    min_ttl_seconds: int = 0
    user: User | None = None

    @property
    def connection_name(self) -> str | None:
        """The connection's name without its owner: from the user's token, else from the request."""
        if self.user is not None:
            return self.user.connection_name
        return None if self.connection is None else self.connection.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class ForUser[RequestType]:
    """A request that carries the signed-in user's token, which is still to be verified."""

    request: RequestType
    subject: SubjectToken


@dataclass(frozen=True, slots=True)
class RejectionReport:
    """A report that an API refused a token: its SHA-256, and the request that vends it."""

    request: VendRequest
    token_sha256: str


def parse_rejection(
    credential: object,
    parameters: Mapping[str, object],
    *,
    grant_type: str = CLIENT_CREDENTIALS,
) -> RejectionReport:
    """Turn the parameters of a report into a rejection, which has the token's SHA-256 alone.

    Raises:
        InvalidRequestError: neither or both of `token` and `token_sha256`, or a malformed one.
        UnsupportedGrantTypeError, InvalidTargetError: see `parse_vend_request`.
    """
    token, digest = parameters.get("token"), parameters.get("token_sha256")
    if (token is None) == (digest is None):
        raise _malformed("token", "or token_sha256 is needed, and not both")
    if token is not None:
        # A JSON text can have a lone surrogate, which cannot be encoded as UTF-8 and hashed.
        if not isinstance(token, str) or not token or not token.isascii():
            raise _malformed("token", "must be an ASCII text")
        digest = Secret(token).sha256
    if not isinstance(digest, str) or _SHA256.fullmatch(digest) is None:
        raise _malformed("token_sha256", "must be a SHA-256 in lower-case hexadecimal")
    request = parse_vend_request(credential, parameters, grant_type=grant_type)
    return RejectionReport(request, digest)


def parse_vend_request(
    credential: object,
    parameters: Mapping[str, object],
    *,
    grant_type: str = CLIENT_CREDENTIALS,
) -> VendRequest:
    """Turn the parameters of any entry into a request.

    *grant_type* is the only one accepted, by the way in which the caller proves itself. Names that
    are not in `PARAMETERS` are ignored, as RFC 6749 §3.2 requires; the direct entry has refused
    them before.

    Raises:
        InvalidRequestError: a value is malformed; the text names the parameter.
        UnsupportedGrantTypeError: `grant_type` is not one that is offered.
        InvalidScopeError: `scope` is malformed (RFC 6749 §5.2).
        InvalidTargetError: `audience` or `resource` is not one that any grant could list.
    """
    if parameters.get("grant_type", grant_type) != grant_type:
        raise UnsupportedGrantTypeError(
            f"grant_type must be {grant_type}.", rule="request.grant_type"
        )
    if not isinstance(credential, str) or NAME.fullmatch(credential) is None:
        raise _malformed("credential", "is not a well-formed name")
    return VendRequest(
        credential=credential,
        scopes=_scopes(parameters.get("scope")),
        audience=_target("audience", parameters.get("audience")),
        resources=_resources(parameters.get("resource")),
        tenant=_name("tenant", parameters.get("tenant")),
        connection=_name("connection", parameters.get("connection"), CONNECTION),
        min_ttl_seconds=_seconds(parameters.get("min_ttl_seconds")),
    )


def _scopes(value: object) -> Scopes | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _malformed("scope", "must be one text, its scopes separated by spaces")
    try:
        scopes = parse_scope(value)
    except ValueError:
        raise _bad_scope("has a character that is not allowed") from None
    if not scopes:
        raise _bad_scope("is empty: leave it out for the grant's own scopes")
    if len(scopes) > bounds.SCOPES:
        raise _bad_scope(f"lists more than {bounds.SCOPES} scopes")
    return scopes


def _bad_scope(reason: str) -> InvalidScopeError:
    # RFC 6749 §5.2 has a code of its own for a malformed scope.
    return InvalidScopeError(f"scope {reason}.", rule="request.scope")


def _target(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or TARGET.fullmatch(value) is None:
        raise InvalidTargetError(f"{name} is not well-formed.", rule=f"request.{name}")
    return value


def _resources(value: object) -> tuple[str, ...]:
    """Return the values of `resource`, which may repeat (RFC 8707 §2), sorted and each once."""
    several = value if isinstance(value, list) and value else [value]
    targets = {_target("resource", each) for each in several}
    return tuple(sorted(each for each in targets if each is not None))


def _name(name: str, value: object, form: re.Pattern[str] = TENANT) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise _malformed(name, "is not a well-formed name")
    return value


def _seconds(value: object) -> int:
    if value is None:
        return 0
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or _WHOLE_SECONDS.fullmatch(text) is None:
        raise _malformed("min_ttl_seconds", "must be a whole number of seconds")
    return int(text)


def _malformed(parameter: str, reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"{parameter} {reason}.", rule=f"request.{parameter}")
