"""Put what an API takes in the path and in the JSON body into a request to it."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from tokenvend_client.errors import ConfigurationError

_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def with_prefix(url: str, prefix: str) -> str:
    """Return *url* with *prefix* before its path.

    >>> with_prefix("https://api.example.com/getMe?a=1", "/bot1:x")
    'https://api.example.com/bot1:x/getMe?a=1'

    Raises:
        ConfigurationError: the path has a segment `.` or `..`, which would remove the prefix.
    """
    parts = urlsplit(url)
    if any(segment.partition(";")[0] in (".", "..") for segment in _decoded(parts.path).split("/")):
        raise ConfigurationError("a path with . or .. cannot follow what the API takes there")
    return urlunsplit(parts._replace(path=prefix + parts.path))


def _decoded(path: str) -> str:
    """Return *path* as a server might read it that decodes it more than once."""
    while (once := unquote(path)) != path:
        path = once
    return path.replace("\\", "/")


def with_members(
    body: object, members: Mapping[str, Any], *, method: str, content_type: str
) -> bytes:
    """Return the JSON object *body* with *members*, which the API takes beside its own.

    Raises:
        ConfigurationError: the body is not a JSON object, or has one of the members already.
    """
    if body is None or body == b"":
        if method.upper() in _WITHOUT_BODY:
            raise _unplaceable(f"a {method.upper()} has no body")
        return json.dumps(members).encode()
    if content_type and not content_type.partition(";")[0].strip().lower().endswith("json"):
        raise _unplaceable("the request's body is not JSON")
    own = _json_object(body)
    if own is None:
        raise _unplaceable("the request's body is not a JSON object")
    if own.keys() & members.keys():
        raise _unplaceable(f"the request has {sorted(own.keys() & members.keys())} already")
    return json.dumps({**own, **members}).encode()


def _json_object(body: object) -> "dict[str, Any] | None":
    if not isinstance(body, bytes | str):
        return None
    try:
        own = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return own if isinstance(own, dict) else None


def _unplaceable(reason: str) -> ConfigurationError:
    return ConfigurationError(f"the API takes its key in a JSON body, but {reason}")
