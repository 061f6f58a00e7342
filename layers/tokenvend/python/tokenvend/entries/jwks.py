"""`/.well-known/jwks.json`: the answer to whoever asks; there is nothing to prove."""

import json
from typing import Any

from tokenvend.domain import bounds
from tokenvend.domain.errors import InvalidClientError

_CACHED = f"public, max-age={int(bounds.JWKS_CACHE.total_seconds())}"


def jwks_answer(jwks: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    """The key set as API Gateway wants it (RFC 7517 §8.5.2)."""
    headers = {"Content-Type": "application/jwk-set+json", "Cache-Control": _CACHED}
    return {"statusCode": 200, "headers": headers, "body": json.dumps(jwks)}


def jwks_refused(error: InvalidClientError) -> dict[str, Any]:
    """For an event that came another way than through `live`."""
    return _answer(401, {"error": error.code, "error_description": error.description}, {})


def jwks_away() -> dict[str, Any]:
    """For when AWS does not answer, and nothing is remembered."""
    text = "The keys cannot be read just now; ask again."
    fields = {"error": "temporarily_unavailable", "error_description": text}
    return _answer(503, fields, {"Retry-After": "5"})


def _answer(status: int, fields: dict[str, str], more: dict[str, str]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store", **more}
    return {"statusCode": status, "headers": headers, "body": json.dumps(fields)}
