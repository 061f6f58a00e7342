"""For `httpx`, both clients: a token on each request, and one more try where an API answers 401.

>>> import httpx
>>> from tokenvend_client.testing import FakeTokenvend
>>> auth = TokenAuth(FakeTokenvend().client(), "sr-jobs", scope="jobs_read")
>>> with httpx.Client(auth=auth) as client:                       # doctest: +SKIP
...     client.get("https://api.example.com/jobs")
"""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator

import httpx

from tokenvend_client.api_parts import with_members, with_prefix
from tokenvend_client.client import Client
from tokenvend_client.errors import ConfigurationError
from tokenvend_client.placing import TokenArguments, check_api, check_in_query, same_origin
from tokenvend_client.request import canonical_scope
from tokenvend_client.token import Token
from tokenvend_client.user_token import SubjectToken, user_token_of

_UNAUTHORIZED = 401


class TokenAuth(httpx.Auth):
    """Adds a token to each request; the arguments are those of `Client.token`.

    On an API's 401 the token is reported and the request is sent once more with the next one,
    unless its body is a stream. `in_query` is for an API that takes its token as a parameter of
    that name in the URL, where logs, proxies and the errors of httpx show it.

    A token is sent over https only. By default httpx follows no redirect. With
    `follow_redirects` it removes `Authorization` before another host, but no other header: leave
    it off for an API that takes its token in another header. `httpx.AsyncClient` needs asyncio,
    not trio. If the API takes its key in the JSON body, the request needs one, without that member,
    and a redirect of it fails.
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

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield the requests that `httpx.Client` sends."""
        check_api(str(request.url))
        token = self._arguments.token()
        plain = _Plain(request)
        self._put(request, token, plain)
        response = yield request
        if self._is_refused(response, token):
            another = self._arguments.replacement(token)
            if another is not None and _can_be_sent_again(request):
                self._put(request, another, plain)
                yield request

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Yield the requests that `httpx.AsyncClient` sends."""
        check_api(str(request.url))
        token = await self._arguments.token_async()
        plain = _Plain(request)
        self._put(request, token, plain)
        response = yield request
        if self._is_refused(response, token):
            another = await self._arguments.replacement_async(token)
            if another is not None and _can_be_sent_again(request):
                self._put(request, another, plain)
                yield request

    def _put(self, request: httpx.Request, token: Token, plain: "_Plain") -> None:
        check_in_query(self._in_query, token)
        if self._in_query is not None:
            request.url = request.url.copy_set_param(self._in_query, token.reveal())
            return
        if token.body:
            plain.put_body(request, token)
        request.headers.update(token.headers)
        if token.path_prefix:
            request.url = httpx.URL(with_prefix(str(plain.url), token.path_prefix))
        if token.query:
            request.url = request.url.copy_merge_params(token.query)

    def _is_refused(self, response: httpx.Response, token: Token) -> bool:
        """Whether the API itself refused *token*, not another host after a redirect."""
        if response.status_code != _UNAUTHORIZED:
            return False
        sent = response.request
        if self._in_query is not None:
            return bool(sent.url.params.get(self._in_query) == token.reveal())
        first = response.history[0].request if response.history else sent
        carried = all(sent.headers.get(name) == value for name, value in token.headers.items())
        carried &= all(sent.url.params.get(name) == each for name, each in token.query.items())
        carried &= sent.url.path.startswith(token.path_prefix)
        return carried and same_origin(str(first.url), str(sent.url))


class _Plain:
    """A request as it was before it had a token."""

    def __init__(self, request: httpx.Request) -> None:
        self.url = request.url
        self._stream = request.stream

    def put_body(self, request: httpx.Request, token: Token) -> None:
        """Put the members of *token* into the body of *request*."""
        stream = self._stream
        body = with_members(
            b"".join(stream) if isinstance(stream, httpx.ByteStream) else stream,
            token.body,
            method=request.method,
            content_type=request.headers.get("Content-Type", ""),
        )
        request.headers.setdefault("Content-Type", "application/json")
        request.headers["Content-Length"] = str(len(body))
        request.stream = _SentOnce(body)


class _SentOnce(httpx.ByteStream):
    """A body that is sent once: httpx would send it again to the host of a redirect."""

    _is_sent = False

    def __iter__(self) -> Iterator[bytes]:
        self._send()
        return super().__iter__()

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._send()
        return super().__aiter__()

    def _send(self) -> None:
        if self._is_sent:
            raise ConfigurationError("the API redirects, and its key is in the body")
        self._is_sent = True


def _can_be_sent_again(request: httpx.Request) -> bool:
    return isinstance(request.stream, httpx.ByteStream)
