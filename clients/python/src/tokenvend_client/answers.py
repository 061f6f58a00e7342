"""Parse an answer of tokenvend: a token, or the reason why there is none."""

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from tokenvend_client.cached_token import CachedToken, cached_token
from tokenvend_client.clock import Instant
from tokenvend_client.errors import Failure
from tokenvend_client.request import TokenRequest
from tokenvend_client.secret import Secret
from tokenvend_client.token import Token
from tokenvend_client.waiting import RETRY_AFTER_MAXIMUM, parse_retry_after

#: The longest lifetime that is used, in seconds; a longer one is shortened to it.
_LIFETIME_MAXIMUM = 30 * 86_400.0
_WAIT = frozenset({429, 503})
_DESCRIPTION_LENGTH = 500
#: Segments, none of which is `.` or `..` or hides a slash.
_PATH_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~:@+=-]+)+")
#: Of an answer that must not be used.
_MALFORMED = Secret("")


def parse_token(
    document: Mapping[str, Any], request: TokenRequest, *, requested_at: Instant
) -> CachedToken | None:
    """Parse a token response (RFC 6749 §5.1); `None` if it is none.

    The lifetime counts from the instant before the request, so the token never ends later here
    than at tokenvend. It raises nothing, because a traceback would show the document.
    """
    value, left = document.get("access_token"), document.get("expires_in")
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
        return None
    if isinstance(left, bool) or not isinstance(left, int | float) or not math.isfinite(left):
        return None
    kind, scope = document.get("token_type", "Bearer"), document.get("scope")
    parts, query = _parts(document.get("headers")), _parts(document.get("query"))
    path_prefix, body = _path_prefix(document), _body(document)
    if path_prefix is _MALFORMED or body is _MALFORMED:
        return None
    others = path_prefix is not None or body is not None
    # A bearer token may come with further headers, and then no `header_name` says it all.
    one_header = "header_name" in document or (
        kind == "Bearer" and not parts and not query and not others
    )
    name = document.get("header_name", "Authorization" if one_header else "")
    prefix = document.get("header_prefix", "Bearer " if kind == "Bearer" else "")
    if not all(isinstance(text, str) and text.isprintable() for text in (name, prefix, kind)):
        return None
    if not one_header and not parts and not query and not others:
        # It would be sent as a bearer token, although it has another type.
        return None
    expires_in = min(max(float(left), 0.0), _LIFETIME_MAXIMUM)
    token = Token(
        Secret(value),
        request,
        expires_at=datetime.fromtimestamp(requested_at.wall + expires_in, timezone.utc),
        scope=scope if isinstance(scope, str) else None,
        token_type=kind,
        header_name=name,
        header_prefix=prefix,
        parts=None if one_header else parts or {},
        query=query,
        path_prefix=path_prefix,
        body=body,
    )
    return cached_token(token, requested_at=requested_at, expires_in=expires_in)


def _parts(value: object) -> dict[str, Secret] | None:
    """Return the headers or parameters of a JSON object of strings; `None` if it is none."""
    if not isinstance(value, Mapping):
        return None
    texts = {name: each for name, each in value.items() if isinstance(each, str)}
    is_whole = len(texts) == len(value) and all(isinstance(name, str) for name in texts)
    if not is_whole or any("\r" in each or "\n" in each for each in texts.values()):
        return None
    return {name: Secret(each) for name, each in texts.items()}


def _path_prefix(document: Mapping[str, Any]) -> Secret | None:
    """Return what goes before a path; `None` if nothing does."""
    value = document.get("path_prefix")
    if value is None:
        return None
    is_path = isinstance(value, str) and _PATH_PREFIX.fullmatch(value) is not None
    return Secret(value) if is_path else _MALFORMED


def _body(document: Mapping[str, Any]) -> Secret | None:
    """Return the members of a JSON body, as text; `None` if there are none."""
    value = document.get("body")
    if value is None:
        return None
    return Secret(json.dumps(value)) if isinstance(value, dict) and value else _MALFORMED


def failure_of_http(
    status: int, document: Mapping[str, Any], retry_after: str | None, *, now: float
) -> Failure:
    """Return why an HTTP answer is a refusal. *now* is in seconds since 1970."""
    known = _failure_of(document)
    if known is None or status in _WAIT:
        code = known.code if known else "temporarily_unavailable"
        seconds = parse_retry_after(retry_after, now=now)
        retryable = status in _WAIT or status >= 500
        if not retryable:
            code = "invalid_client" if status in {401, 403} else "invalid_request"
        described = known.description if known else f"The answer was HTTP {status}."
        return Failure(described, code, retryable, seconds)
    return known


def failure_of_invocation(document: Mapping[str, Any]) -> Failure:
    """Return why the answer of a direct invocation is a refusal."""
    known = _failure_of(document)
    if known is None:
        return Failure("The function answered with neither a token nor a reason.")
    seconds = document.get("retry_after_seconds")
    if document.get("retryable") is not True:
        return known
    bounded = None
    if isinstance(seconds, int | float) and math.isfinite(seconds):
        bounded = min(max(float(seconds), 0.0), RETRY_AFTER_MAXIMUM)
    return Failure(known.description, known.code, retryable=True, retry_after_seconds=bounded)


def _failure_of(document: Mapping[str, Any]) -> Failure | None:
    code, text = document.get("error"), document.get("error_description")
    if not isinstance(code, str) or not code:
        return None
    provider = document.get("provider_error")
    return Failure(
        _shown(text) if isinstance(text, str) else "It does not say why.",
        _shown(code),
        retryable=code == "temporarily_unavailable",
        provider_error=_shown(provider) if isinstance(provider, str) else "",
    )


def _shown(text: str) -> str:
    """Shorten *text* to one line of bounded length."""
    return "".join(c if c.isprintable() else " " for c in text[:_DESCRIPTION_LENGTH])
