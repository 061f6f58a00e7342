"""Parse the form in a request's body (RFC 6749 §3.2), and the client's authentication."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from tokenvend.domain import bounds
from tokenvend.domain.errors import InvalidClientError, InvalidRequestError
from tokenvend.domain.identity import EntryPoint, Proof, identity_of_client
from tokenvend.domain.names import CLIENT_ID
from tokenvend.domain.secret import Secret

FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 40
#: The one parameter that may repeat (RFC 8707 §2).
_REPEATABLE = "resource"


def read_form(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters in the body of an API Gateway proxy event, as texts.

    Only `resource` may repeat (RFC 8707 §2); it is then a list.

    Raises:
        InvalidRequestError: the body is not a form or is too large, there are parameters in the
            URL, or a parameter repeats.
    """
    if event.get("queryStringParameters"):
        raise _malformed("Send parameters in the body, never in the URL.", "query")
    content_type = _header(event, "content-type").partition(";")[0].strip().lower()
    if not content_type and not event.get("body"):
        # An empty body needs no content type.
        return {}
    if content_type != FORM:
        raise _malformed(f"The content type must be {FORM}.", "content_type")
    return _unique_fields(_body_text(event))


def prove_client(event: Mapping[str, Any], form: Mapping[str, Any]) -> Proof:
    """Read `client_secret_basic` or `client_secret_post` (RFC 6749 §2.3.1) into a proof.

    The secret is compared with the hashes in the registry later: see `domain.decision`.

    Raises:
        InvalidRequestError: the client uses both at once, or names two client ids.
        InvalidClientError: the client uses neither, or it is malformed.
    """
    header = _header(event, "authorization")
    in_form = "client_secret" in form or "client_assertion" in form
    if header and in_form:
        raise _malformed(
            "Authenticate the client in one way: in the Authorization header or in the body.",
            "client_authentication",
        )
    client_id, secret = _basic(header) if header else _posted(form)
    if form.get("client_id", client_id) != client_id:
        raise _malformed("client_id differs from the authenticated one.", "client_authentication")
    if CLIENT_ID.fullmatch(client_id) is None or not secret:
        raise InvalidClientError(rule="client.malformed")
    return Proof(EntryPoint.OAUTH2, identity_of_client(client_id), client_secret=Secret(secret))


def has_client(event: Mapping[str, Any], form: Mapping[str, Any]) -> bool:
    """Whether the request tries to authenticate a client.

    A `client_id` alone does not count, because some clients always send it.

    Raises:
        InvalidRequestError: the header repeats.
    """
    return bool(_header(event, "authorization")) or not form.keys().isdisjoint(
        {"client_secret", "client_assertion"}
    )


def _posted(form: Mapping[str, Any]) -> tuple[str, str]:
    return form.get("client_id", ""), form.get("client_secret", "")


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClientError(rule="client.scheme")
    try:
        pair = b64decode(encoded.strip(), validate=True).decode()
    except ValueError:  # not base64, not UTF-8, or, before either is looked at, not ASCII
        raise InvalidClientError(rule="client.malformed") from None
    client_id, _, secret = pair.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _header(event: Mapping[str, Any], name: str) -> str:
    """Return a header's only value, by its name in any case; refuse a repeated header."""
    values = [
        value
        for key, several in (event.get("multiValueHeaders") or {}).items()
        if key.lower() == name
        for value in several
    ]
    if not values:
        headers = event.get("headers") or {}
        values = [value for key, value in headers.items() if key.lower() == name]
    if len(values) > 1:
        raise _malformed(f"The header {name} repeats.", "header")
    return str(values[0]) if values else ""


def _body_text(event: Mapping[str, Any]) -> str:
    body = event.get("body") or ""
    if len(body) > 2 * bounds.BODY_BYTES:
        raise _too_large()
    try:
        raw = b64decode(body) if event.get("isBase64Encoded") else body.encode()
        text = raw.decode()
    except ValueError:  # not base64, not UTF-8, or, before either is looked at, not ASCII
        raise _malformed("The body is not UTF-8 text.", "body") from None
    if len(raw) > bounds.BODY_BYTES:
        raise _too_large()
    return text


def _unique_fields(text: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise _malformed("The body is not a well-formed form.", "body") from None
    once = [pair for pair in pairs if pair[0] != _REPEATABLE]
    fields: dict[str, Any] = dict(once)
    if len(fields) != len(once):
        raise _malformed("A parameter repeats (RFC 6749 section 3.2).", "repeated")
    if several := [value for name, value in pairs if name == _REPEATABLE and value]:
        fields[_REPEATABLE] = several if len(several) > 1 else several[0]
    # RFC 6749 §3.2: a parameter without a value counts as left out. An empty scope is kept, so
    # that it is refused instead of giving every scope of the grant.
    return {name: value for name, value in fields.items() if value or name == "scope"}


def _too_large() -> InvalidRequestError:
    return _malformed(f"The body is larger than {bounds.BODY_BYTES} bytes.", "too_large")


def _malformed(description: str, rule: str) -> InvalidRequestError:
    return InvalidRequestError(description, rule=f"request.{rule}")
