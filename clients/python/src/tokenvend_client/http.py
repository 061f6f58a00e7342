"""Send one HTTP request: bounded, without redirects, and without secrets in its errors."""

import http.client
import json
import ssl
import time
import urllib.request
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tokenvend_client.errors import ConfigurationError, Failure
from tokenvend_client.secret import Secret

#: The longest answer that is read, in bytes; tokenvend's are shorter.
ANSWER_BYTES = 262_144
USER_AGENT = "tokenvend-client/0.1.0"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: AWS's link-local addresses for containers and instances, which need no proxy.
LINK_LOCAL = frozenset({"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"})
_NEVER_PROXIED = LOOPBACK | LINK_LOCAL


class HttpAnswer(NamedTuple):
    """A status, the headers in lower case, and a body that cannot be printed."""

    status: int
    headers: Mapping[str, str]
    body: Secret

    def document(self) -> dict[str, Any]:
        """Return the body as a JSON object; empty if it is none."""
        return json_object(self.body)


def json_object(text: Secret) -> dict[str, Any]:
    """Parse *text* as a JSON object; empty if it is none.

    >>> json_object(Secret('{"a": 1}')), json_object(Secret("[]")), json_object(Secret("{"))
    ({'a': 1}, {}, {})
    """
    try:
        document = json.loads(text.reveal())
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def checked_url(url: str) -> str:
    """Return *url* without a slash at its end.

    Raises:
        ConfigurationError: it is not https, and not this machine's own either.
    """
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not safe or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigurationError("tokenvend's address must be https://host/…, without a query")
    return url.rstrip("/")


class HttpSender:
    """Sends requests by the standard library, through the proxy that the environment names."""

    def __init__(self, *, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._openers: dict[tuple[str, bool], urllib.request.OpenerDirector] = {}

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, Secret],
        body: Secret | None = None,
        *,
        timeout_seconds: float,
    ) -> HttpAnswer | Failure:
        """Return the answer of *url*, whatever its status; a `Failure` if none comes in time.

        It raises no error, so no traceback shows what was sent.
        """
        deadline = time.monotonic() + timeout_seconds
        try:
            request = urllib.request.Request(  # noqa: S310 - checked_url let it through
                url,
                data=None if body is None else body.reveal().encode("utf-8"),
                headers={name: value.reveal() for name, value in headers.items()},
                method=method,
            )
            parts = urlsplit(url)
            opener = self._opener(parts.scheme, local=parts.hostname in _NEVER_PROXIED)
            with opener.open(request, timeout=max(timeout_seconds, 0.001)) as answer:
                text = _read(answer, deadline)
                names = {name.lower(): value for name, value in answer.headers.items()}
                if text is None:
                    return Failure("The answer was too long, or came too slowly.")
                return HttpAnswer(int(answer.status), names, text)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Failure(f"It could not be reached: {_reason(error)}.")

    def _opener(self, scheme: str, *, local: bool) -> urllib.request.OpenerDirector:
        """Return an opener that follows no redirect and raises for no status."""
        key = (scheme, local)
        if key not in self._openers:
            opener = urllib.request.OpenerDirector()
            opener.addheaders = [("User-Agent", USER_AGENT)]
            opener.add_handler(urllib.request.ProxyHandler({} if local else None))
            opener.add_handler(urllib.request.HTTPHandler())
            if scheme == "https":
                # Reading the system's certificates is slow, so it happens once, and only if needed.
                context = self._context or ssl.create_default_context()
                opener.add_handler(urllib.request.HTTPSHandler(context=context))
            opener.add_handler(urllib.request.UnknownHandler())
            self._openers[key] = opener
        return self._openers[key]


def _read(answer: http.client.HTTPResponse, deadline: float) -> Secret | None:
    parts: list[bytes] = []
    size = 0
    while part := answer.read1(ANSWER_BYTES + 1):
        parts.append(part)
        size += len(part)
        if size > ANSWER_BYTES or time.monotonic() > deadline:
            return None
    return Secret(b"".join(parts).decode("utf-8", "replace"))


def _reason(error: Exception) -> str:
    """Return a system error's text, else only the class: other texts may quote a header."""
    reason = getattr(error, "reason", error)
    kind = type(reason).__name__
    if isinstance(reason, OSError) and reason.strerror:
        return f"{kind}, {reason.strerror}"
    return kind
