"""For `requests`: a token on each request, and one more try where an API answers 401.

>>> import requests
>>> from tokenvend_client.testing import FakeTokenvend
>>> session = requests.Session()
>>> session.auth = TokenAuth(FakeTokenvend().client(), "sr-jobs", scope="jobs_read")
>>> request = requests.Request("GET", "https://api.example.com/jobs")
>>> session.prepare_request(request).headers["Authorization"]
'Bearer fake-sr-jobs-1'
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.auth import AuthBase
from requests.cookies import extract_cookies_to_jar

from tokenvend_client.api_parts import with_members, with_prefix
from tokenvend_client.client import Client
from tokenvend_client.errors import ConfigurationError
from tokenvend_client.placing import TokenArguments, check_api, check_in_query, same_origin
from tokenvend_client.request import canonical_scope
from tokenvend_client.token import Token
from tokenvend_client.user_token import SubjectToken, user_token_of


class TokenAuth(AuthBase):
    """Adds a token to each request; the arguments are those of `Client.token`.

    On an API's 401 the token is reported and the request is sent once more with the next one,
    unless its body was a stream that cannot be sent again. `in_query` is for an API that takes
    its token as a parameter of that name in the URL, where logs, proxies and the errors of
    `requests` show it.

    A token is sent over https only, and not to another host to which an API redirects. If the API
    takes its key in the JSON body, the request needs one, without that member.
    """

    def __init__(
        self,
        client: Client,
        credential: str,
        *,
        scope: str | Iterable[str] | None = None,
        audience: str | None = None,
        resource: str | None = None,
        tenant: str | None = None,
        connection: str | None = None,
        subject_token: SubjectToken | None = None,
        min_ttl_seconds: int = 0,
        in_query: str | None = None,
    ) -> None:
        if subject_token is not None:
            # First of all, so that no error's traceback shows it from here.
            subject_token = user_token_of(subject_token)
        self._arguments = TokenArguments(
            client,
            credential,
            scope=canonical_scope(scope),
            audience=audience,
            resource=resource,
            tenant=tenant,
            connection=connection,
            user=subject_token,
            min_ttl_seconds=min_ttl_seconds,
        )
        self._in_query = in_query

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token on *request*."""
        check_api(request.url or "")
        sent = _Sent(self._arguments, self._in_query, request)
        sent.put(request, self._arguments.token())
        request.register_hook("response", sent.received)  # type: ignore[no-untyped-call]
        return request


class _Sent:
    """One request with its token, and the handling of its answers."""

    def __init__(
        self, wanted: TokenArguments, in_query: str | None, request: requests.PreparedRequest
    ) -> None:
        self._arguments = wanted
        self._in_query = in_query
        self._url = request.url or ""
        self._body_at = _position(request.body)
        self._body = request.body
        self._token: Token | None = None
        self._tried_again = False

    def put(self, request: requests.PreparedRequest, token: Token) -> None:
        """Put *token* on *request*, replacing the former token."""
        check_in_query(self._in_query, token)
        self._token = token
        if self._in_query is not None:
            request.prepare_url(self._url, {self._in_query: token.reveal()})
            return
        if token.body:
            self._put_body(request, token)
        request.headers.update(token.headers)
        if token.query or token.path_prefix:
            url = with_prefix(self._url, token.path_prefix) if token.path_prefix else self._url
            request.prepare_url(url, token.query)

    def _put_body(self, request: requests.PreparedRequest, token: Token) -> None:
        body = with_members(
            self._body,
            token.body,
            method=request.method or "",
            content_type=request.headers.get("Content-Type", ""),
        )
        request.headers.setdefault("Content-Type", "application/json")
        request.prepare_body(body, None)

    def received(self, response: requests.Response, **arguments: Any) -> requests.Response:
        """Return the answer, or that of one more try after a 401: a hook of `requests`."""
        refused = self._token
        if (
            response.status_code == requests.codes.unauthorized
            and refused is not None
            and not self._tried_again
            and self._carries(response.request, refused)
        ):
            self._tried_again = True
            another = self._arguments.replacement(refused)
            if another is not None and self._rewind(response.request):
                response = self._again(response, another, arguments)
        self._keep_from_strangers(response)
        return response

    def _again(
        self, response: requests.Response, another: Token, arguments: dict[str, Any]
    ) -> requests.Response:
        first = response.request
        _ = response.content
        response.close()
        # `requests` builds what follows, such as a redirect, from the first request.
        self.put(first, another)
        request = first.copy()
        jar = request._cookies  # type: ignore[attr-defined] # noqa: SLF001 - as its own digest has it
        extract_cookies_to_jar(jar, first, response.raw)  # type: ignore[no-untyped-call]
        request.prepare_cookies(jar)
        retried: requests.Response = response.connection.send(request, **arguments)
        retried.history.append(response)
        retried.request = first
        return retried

    def _keep_from_strangers(self, response: requests.Response) -> None:
        """Remove the token before another host: `requests` itself removes only Authorization."""
        token = self._token
        if token is None or self._in_query is not None or not response.is_redirect:
            return
        url = response.url
        target = requests.compat.urljoin(url, response.headers["location"])
        if not same_origin(url, target):
            if token.body:
                raise ConfigurationError("the API redirects to another host, which gets no key")
            for name in token.headers:
                response.request.headers.pop(name, None)

    def _carries(self, request: requests.PreparedRequest, token: Token) -> bool:
        query = token.query if self._in_query is None else {self._in_query: token.reveal()}
        if not query.items() <= set(parse_qsl(urlsplit(request.url or "").query)):
            return False
        if self._in_query is None and not _has_path_and_body(request, token):
            return False
        headers = token.headers if self._in_query is None else {}
        return all(request.headers.get(name) == value for name, value in headers.items())

    def _rewind(self, request: requests.PreparedRequest) -> bool:
        body: Any = request.body
        if body is None or isinstance(body, bytes | str):
            return True
        if self._body_at is None:
            return False
        body.seek(self._body_at)
        return True


def _has_path_and_body(request: requests.PreparedRequest, token: Token) -> bool:
    path = urlsplit(request.url or "").path
    return path.startswith(token.path_prefix) and (not token.body or bool(request.body))


def _position(body: Any) -> int | None:
    """Return a file's position, from which it can be sent again; `None` if it cannot."""
    try:
        return int(body.tell()) if body.seekable() else None
    except (AttributeError, OSError, ValueError):
        return None
