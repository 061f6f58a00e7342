"""AWS Signature Version 4, in headers, for one request with a short body.

A property-based test compares it with botocore's, byte for byte.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

from tokenvend_client.secret import Secret

_ALGORITHM = "AWS4-HMAC-SHA256"
_UNRESERVED = "-_.~"


class AwsCredentials(NamedTuple):
    """An access key; `expires_at` is in seconds since 1970, `None` if it does not expire."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None
    expires_at: float | None = None


def sign(
    credentials: AwsCredentials,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: Secret,
    *,
    region: str,
    service: str,
    at: datetime | None = None,
) -> dict[str, Secret]:
    """Return the headers of a signed request: *headers*, date, session token and signature.

    Names in *headers* are in lower case. *at* is the time of signing, by default now.
    """
    instant = (at or datetime.now(timezone.utc)).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    signed = {**headers, "host": parts.netloc, "x-amz-date": instant}
    if credentials.session_token is not None:
        signed["x-amz-security-token"] = credentials.session_token.reveal()
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        [
            method,
            quote(parts.path or "/", safe="/" + _UNRESERVED),
            _canonical_query(parts.query),
            *(f"{name}:{' '.join(signed[name].split())}" for name in sorted(signed)),
            "",
            names,
            _hash(body.reveal()),
        ]
    )
    scope = f"{instant[:8]}/{region}/{service}/aws4_request"
    text = "\n".join([_ALGORITHM, instant, scope, _hash(canonical)])
    key = ("AWS4" + credentials.secret_access_key.reveal()).encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    signed["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope},"
        f" SignedHeaders={names}, Signature={_hmac(key, text).hex()}"
    )
    return {name: Secret(value) for name, value in signed.items() if name != "host"}


def _canonical_query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    encoded = sorted(
        (quote(name, safe=_UNRESERVED), quote(v, safe=_UNRESERVED)) for name, v in pairs
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode("utf-8"), hashlib.sha256).digest()
