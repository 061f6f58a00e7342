"""Fetch one JSON object from the network, within limits of size and time."""

import json
from time import monotonic
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from tokenvend_cli.problems import CommandError, IssuerAwayError, NoMetadataError

_BYTES = 100 * 1024
_SECONDS = 8.0
_CHUNK_BYTES = 8 * 1024


class _Session(requests.Session):
    """A session that neither follows a redirect nor reads its body."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        del resp


def fetch_json(url: str) -> dict[str, Any]:
    """Fetch the JSON object at *url*: at most 100 KiB, in about 8 s, without following a redirect.

    Raises:
        NoMetadataError: the server answers with something else.
        IssuerAwayError: it does not answer, or answers with a server error.
        CommandError: the answer exceeds the limits.
    """
    headers = {"Accept": "application/json"}
    try:
        with (
            _Session() as session,
            session.get(url, headers=headers, timeout=_SECONDS, stream=True) as response,
        ):
            if response.status_code >= requests.codes.server_error:
                raise IssuerAwayError(f"{url} answered {response.status_code}")
            if response.status_code != requests.codes.ok:
                raise NoMetadataError(f"{url} answered {response.status_code}")
            return _json_object(url, _bounded_body(url, response))
    except (requests.RequestException, HTTPError) as error:
        # Its text may hold a proxy's password.
        raise IssuerAwayError(f"cannot read {url}: {type(error).__name__}") from None


def _bounded_body(url: str, response: requests.Response) -> bytes:
    deadline = monotonic() + _SECONDS
    body = bytearray()
    # One network read at a time, so that the time limit also stops a server that sends slowly.
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > _BYTES:
            raise CommandError(f"{url} answered with more than {_BYTES} bytes")
        if monotonic() > deadline:
            raise IssuerAwayError(f"{url} did not answer whole within {_SECONDS:.0f} s")
    return bytes(body)


def _json_object(url: str, body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise NoMetadataError(f"{url} is not a JSON object")
    return document
