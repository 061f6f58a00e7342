"""The authorization request and its response (RFC 6749 §4.1.1, §4.1.2; RFC 9207)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlencode, urlsplit, urlunsplit

from tokenvend.domain.credential_definition import Authorization
from tokenvend.domain.oauth.error_code import error_code
from tokenvend.domain.scopes import Scopes, format_scope
from tokenvend.domain.secret import Secret

_CODE = re.compile(r"[\x20-\x7E]{1,4096}")
ACCESS_DENIED = "access_denied"

#: What the provider sent back in the URL: each name with all of its values.
type Query = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Authorized:
    """The user agreed. `code` can be exchanged for tokens once."""

    code: Secret


@dataclass(frozen=True, slots=True)
class NotAuthorized:
    """The user or the provider refused, or the response is not valid.

    `error` is the provider's code, or a short reason of ours.
    """

    error: str


#: The value of a parameter that is another one in each request.
NONCE = "{nonce}"


def build_authorization_url(
    authorization: Authorization,
    *,
    client_id: str,
    scopes: Scopes,
    scope_separator: str,
    state: Secret,
    code_challenge: str,
) -> str:
    """Build the URL of the authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3).

    *code_challenge* is left out if the provider refuses PKCE. `state` and the browser's cookie
    still bind the response to the browser that the request came from.

    The provider's own parameters are set first, so that none of them replaces one of ours. In
    their values `{nonce}` is a value that is used once. It is derived from *state*; nobody needs to
    check it, because an ID token comes straight from the token endpoint.
    """
    nonce = sha256(f"nonce {state.reveal()}".encode()).hexdigest()
    own = {
        name: nonce if each == NONCE else each for name, each in authorization.parameters.items()
    }
    parameters = own | {
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
    if (fragment := authorization.flow.fragment) is not None:
        return urlunsplit(parts._replace(query="", fragment=f"{fragment}?{query}"))
    return urlunsplit(parts._replace(query=query, fragment=""))


def parse_authorization_response(
    query: Query, authorization: Authorization
) -> Authorized | NotAuthorized:
    """Parse the authorization response in the callback's URL. `state` was compared before.

    The issuer is compared first: if it is another one, or is missing although the provider
    announces it, nothing else is read (RFC 9207 §2.4). A repeated parameter is refused.
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
    """Return the only value of *name*; `None` if it is absent or repeated."""
    values = query.get(name, ())
    return values[0] if len(values) == 1 else None


def _is_of_issuer(iss: str | None, authorization: Authorization) -> bool:
    if iss is None:
        return not authorization.requires_iss
    if authorization.issuer is None:
        # There is nothing to compare with, so `iss` is accepted unless it is required.
        return not authorization.requires_iss
    return iss == authorization.issuer
