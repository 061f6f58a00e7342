"""Send a user to the provider and read what comes back (RFC 6749 §4.1.1, §4.1.2; RFC 9207)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from tokenvend.domain.oauth.error_code import error_code
from tokenvend.domain.registry import Authorization
from tokenvend.domain.scopes import Scopes, format_scope
from tokenvend.domain.secret import Secret

_CODE = re.compile(r"[\x20-\x7E]{1,4096}")
ACCESS_DENIED = "access_denied"

#: What the provider sent back in the URL: each name with all of its values.
type Query = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Authorized:
    """The user agreed: `code` is exchanged for tokens, once."""

    code: Secret


@dataclass(frozen=True, slots=True)
class NotAuthorized:
    """The user or the provider said no: `error` is the provider's code, or a reason of ours."""

    error: str


def build_authorization_url(
    authorization: Authorization,
    *,
    client_id: str,
    scopes: Scopes,
    scope_separator: str,
    state: Secret,
    code_challenge: str,
) -> str:
    """Where the user's browser goes to be asked (RFC 6749 §4.1.1, RFC 7636 §4.3).

    *code_challenge* is left out where the provider refuses PKCE. `state` and the browser's cookie
    still bind the answer to the browser that asked.

    The provider's own parameters come first: none of them can stand in for one of ours.
    """
    parameters = dict(authorization.parameters) | {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": authorization.redirect_uri,
        "state": state.reveal(),
    }
    if authorization.flow.without_pkce is None:
        parameters |= {"code_challenge": code_challenge, "code_challenge_method": "S256"}
    if scopes:
        parameters["scope"] = format_scope(scopes, separator=scope_separator)
    parts = urlsplit(authorization.endpoint)
    query = "&".join(filter(None, [parts.query, urlencode(parameters)]))
    return urlunsplit(parts._replace(query=query, fragment=""))


def parse_authorization_response(
    query: Query, authorization: Authorization
) -> Authorized | NotAuthorized:
    """What the provider says in the callback's URL. `state` has been compared before.

    Who says it is asked first: an answer of another issuer, or of none where the provider
    announces one, is not read any further (RFC 9207 §2.4). A parameter that repeats is refused.
    """
    if any(len(values) > 1 for values in query.values()):
        return NotAuthorized("repeated_parameter")
    if not _is_of_issuer(single_value(query, "iss"), authorization):
        return NotAuthorized("wrong_issuer")
    error = single_value(query, "error")
    if error is not None:
        return NotAuthorized(error_code(error) or "malformed_error")
    code = single_value(query, authorization.flow.code_in_callback)
    if code is None or _CODE.fullmatch(code) is None:
        return NotAuthorized("no_code")
    return Authorized(Secret(code))


def single_value(query: Query, name: str) -> str | None:
    """The one value of *name*; `None` where it is absent or repeats."""
    values = query.get(name, ())
    return values[0] if len(values) == 1 else None


def _is_of_issuer(iss: str | None, authorization: Authorization) -> bool:
    if iss is None:
        return not authorization.requires_iss
    if authorization.issuer is None:
        # Nothing to compare with, and nothing was announced.
        return not authorization.requires_iss
    return iss == authorization.issuer
