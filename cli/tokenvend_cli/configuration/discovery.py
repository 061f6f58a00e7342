"""Read an issuer's metadata (RFC 8414, or OpenID Connect Discovery 1.0) at `plan` and `apply`."""

import json
from collections.abc import Callable
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from tokenvend.domain.registry import ClientAuthentication
from tokenvend_cli.configuration.forms import URL
from tokenvend_cli.configuration.providers import Provider
from tokenvend_cli.problems import CommandError

_BYTES = 100 * 1024
_SECONDS = 8.0
_CHUNK_BYTES = 8 * 1024


class NoMetadataError(CommandError):
    """The server answers, but has no metadata document there."""


#: The port to the network: the JSON object at a URL, or `CommandError`.
type Fetch = Callable[[str], dict[str, Any]]


def discover(issuer: str, fetch: "Fetch | None" = None) -> Provider:
    """The provider that *issuer* describes.

    Raises:
        CommandError: there is no metadata, or none that can be used.
    """
    metadata = _first_metadata(issuer, fetch or fetch_json)
    # RFC 8414 §3.3: otherwise one issuer could speak for another.
    if metadata.get("issuer") != issuer:
        raise CommandError("its metadata names another issuer; they must be equal to the letter")
    token_endpoint = _url(metadata, "token_endpoint")
    if token_endpoint is None:
        raise CommandError("its metadata names no token_endpoint; give token_endpoint instead")
    return Provider(
        token_endpoint=token_endpoint,
        client_authentication=_client_authentication(metadata),
        issuer=issuer,
        authorization_endpoint=_url(metadata, "authorization_endpoint"),
        revocation_endpoint=_url(metadata, "revocation_endpoint"),
        introspection_endpoint=_url(metadata, "introspection_endpoint"),
        # RFC 9207 §3.
        requires_iss=metadata.get("authorization_response_iss_parameter_supported") is True,
    )


def _first_metadata(issuer: str, fetch: Fetch) -> dict[str, Any]:
    parts = urlsplit(issuer)
    root, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    try:
        return fetch(f"{root}/.well-known/oauth-authorization-server{path}")
    except NoMetadataError:
        return fetch(f"{root}{path}/.well-known/openid-configuration")


def _url(metadata: dict[str, Any], name: str) -> str | None:
    value = metadata.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or URL.fullmatch(value) is None:
        raise CommandError(f"the {name} in its metadata is not a plain URL")
    return value


def _client_authentication(metadata: dict[str, Any]) -> ClientAuthentication:
    # RFC 8414 §2: where it is left out, it is client_secret_basic.
    methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    known = [each for each in ClientAuthentication if isinstance(methods, list) and each in methods]
    if not known:
        raise CommandError(f"it takes none of {', '.join(ClientAuthentication)}")
    return known[0]


class _Session(requests.Session):
    """A session that leaves redirects, and the bodies that come with them, alone."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        del resp


def fetch_json(url: str) -> dict[str, Any]:
    """The JSON object at *url*: at most 100 KiB, in about 8 s, without following a redirect.

    Raises:
        NoMetadataError: the server answers with something else.
        CommandError: it does not answer.
    """
    headers = {"Accept": "application/json"}
    try:
        with (
            _Session() as session,
            session.get(url, headers=headers, timeout=_SECONDS, stream=True) as response,
        ):
            if response.status_code != requests.codes.ok:
                raise NoMetadataError(f"{url} answered {response.status_code}")
            return _json_object(url, _bounded_body(url, response))
    except (requests.RequestException, HTTPError) as error:
        # Its text may hold a proxy's password.
        raise CommandError(f"cannot read {url}: {type(error).__name__}") from None


def _bounded_body(url: str, response: requests.Response) -> bytes:
    deadline = monotonic() + _SECONDS
    body = bytearray()
    # One wait for the network each, so that a server that drips is noticed.
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > _BYTES:
            raise CommandError(f"{url} answered with more than {_BYTES} bytes")
        if monotonic() > deadline:
            raise CommandError(f"{url} did not answer whole within {_SECONDS:.0f} s")
    return bytes(body)


def _json_object(url: str, body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise NoMetadataError(f"{url} is not a JSON object")
    return document
