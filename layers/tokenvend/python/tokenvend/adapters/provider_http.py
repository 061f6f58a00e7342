"""Call a provider's endpoints over HTTPS, within hard limits of time and size."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPException
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from tokenvend.adapters.deadline import Deadline, bounded_pools
from tokenvend.domain import bounds
from tokenvend.domain.oauth.token_request import ParametersIn, ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.secret import Secret
from tokenvend.domain.token_presentation import RequestParts
from tokenvend.ports import ProviderAwayError

_CHUNK_BYTES = 8 * 1024

#: urllib3 logs headers that it cannot parse, and at DEBUG each URL. They may hold a secret or a
#: token, so its loggers write errors only.
for _name in ("connection", "connectionpool", "poolmanager", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").setLevel(logging.ERROR)

#: Everything that requests and the libraries below it raise for any endpoint or answer.
_FAILURES = (requests.RequestException, HTTPError, HTTPException, OSError, ValueError)


class RequestsProviderClient:
    """`ports.OAuthEndpointClient` on requests.

    It calls https only; *allow_loopback_http*, for the local stack, also allows http to the
    loopback interface. It follows no redirects, and takes no proxies, credentials or certificate
    authorities from the environment. *ca_file* replaces requests' list of trusted authorities.
    """

    def __init__(
        self,
        *,
        allow_loopback_http: bool = False,
        total_seconds: float = bounds.PROVIDER_TOTAL_SECONDS,
        ca_file: str | None = None,
    ) -> None:
        self._allow_loopback_http = allow_loopback_http
        self._total_seconds = total_seconds
        self._verify: str | bool = ca_file or True

    def send(self, request: ProviderRequest) -> ProviderResponse:
        """See `ports.OAuthEndpointClient`."""
        return replace(self._call(request), sent=request.confidential)

    def get(self, url: str, *, parts: RequestParts) -> ProviderResponse:
        """See `ports.ProviderApiClient`."""
        if parts.path_prefix is not None or parts.body is not None:
            raise ProviderAwayError("a GET of the account has no place for a path or a body")
        headers = {name: each.reveal() for name, each in parts.headers.items()}
        request = _get(url, {"Accept": "application/json"} | headers)
        query = {name: each.reveal() for name, each in parts.query.items()}
        return self._call(replace(request, query=query))

    def get_public(self, url: str) -> ProviderResponse:
        """Get *url* without authentication.

        Raises:
            ProviderAwayError: as for `send`.
        """
        return self._call(_get(url, {"Accept": "application/json"}))

    def _call(self, request: ProviderRequest) -> ProviderResponse:
        deadline = Deadline(self._total_seconds)
        try:
            self._check_url(request.url)
            if request.certificate is not None and not request.url.startswith("https:"):
                raise ProviderAwayError("a client certificate needs https")
            return self._exchange(request, deadline)
        except _FAILURES as error:
            reason = "too slow" if deadline.is_over() else type(error).__name__
        # Raised outside of `except`: the caught error holds the request, and with it the secret.
        raise ProviderAwayError(f"no whole answer: {reason}")

    def _exchange(self, request: ProviderRequest, deadline: Deadline) -> ProviderResponse:
        url, headers, body = encoded(request)
        with (
            _certificate_of(request) as certificate,
            _session(deadline) as session,
            session.request(
                request.method,
                url,
                data=body,
                headers=headers,
                verify=self._verify,
                cert=certificate,
                timeout=self._total_seconds,
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            return ProviderResponse(
                status=response.status_code,
                content_type=response.headers.get("Content-Type", ""),
                body=_read(response, deadline),
                retry_after=response.headers.get("Retry-After"),
                # `response.headers` joins them with commas, which dates in cookies have, too.
                set_cookie=tuple(map(Secret, response.raw.headers.getlist("Set-Cookie"))),
            )

    def _check_url(self, url: str) -> None:
        parts = urlsplit(url)
        # urllib's parser gave the host that was checked; urllib3's gives the host to connect to.
        if parts.netloc.lower() != parse_url(url).netloc:
            raise ProviderAwayError("the endpoint can be read in two ways, or holds a user name")
        if parts.scheme == "https" and parts.hostname:
            return
        if parts.scheme == "http" and self._allow_loopback_http and _is_loopback(parts.hostname):
            return
        raise ProviderAwayError("the endpoint is not https")


def _get(url: str, headers: dict[str, str]) -> ProviderRequest:
    return ProviderRequest(url, {}, headers, method="GET", parameters_in=ParametersIn.QUERY)


def encoded(request: ProviderRequest) -> tuple[str, dict[str, str], bytes]:
    """Encode *request*: its URL, headers and body as they are sent.

    Raises:
        UnicodeEncodeError: a parameter has an unpaired surrogate.
    """
    query, body, content_type = dict(request.query), b"", None
    match request.parameters_in:
        case ParametersIn.FORM:
            body = urlencode(request.form, doseq=True).encode("ascii")
            content_type = "application/x-www-form-urlencoded"
        case ParametersIn.JSON:
            body = json.dumps(request.form).encode("ascii")
            content_type = "application/json"
        case ParametersIn.QUERY:
            query |= request.form
    headers = dict(request.headers)
    if content_type and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = content_type
    url = f"{request.url}?{urlencode(query, doseq=True)}" if query else request.url
    return url, headers, body


@contextmanager
def _certificate_of(request: ProviderRequest) -> Iterator[tuple[str, str] | None]:
    """Yield the `cert` argument for requests: the paths of the client's certificate and key."""
    if request.certificate is None:
        yield None
        return
    # Imported here: few providers require a certificate, and its parser loads slowly.
    from tokenvend.adapters.client_certificate import certificate_file

    with certificate_file(request.certificate) as path:
        yield path, path


class _Session(requests.Session):
    """A session that ignores redirects.

    Even with `allow_redirects=False`, requests reads the whole body of a redirect, of any size,
    to prepare `Response.next`.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        del resp


class _BoundedAdapter(HTTPAdapter):
    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        super().__init__(max_retries=0)

    def init_poolmanager(self, *_: Any, **__: Any) -> None:
        self.poolmanager = bounded_pools(
            self._deadline, connect_seconds=bounds.PROVIDER_CONNECT_SECONDS
        )


def _session(deadline: Deadline) -> requests.Session:
    session = _Session()
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, _BoundedAdapter(deadline))
    return session


def _read(response: requests.Response, deadline: Deadline) -> bytes:
    """Read the whole body; `bounds.PROVIDER_ANSWER_BYTES` limits its decompressed size."""
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        deadline.left()
        body += chunk
        if len(body) > bounds.PROVIDER_ANSWER_BYTES:
            raise ProviderAwayError("no whole answer: too large")
    return bytes(body)


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
