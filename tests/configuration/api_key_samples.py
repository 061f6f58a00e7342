"""A file with an API key, and the ways to send one."""

from typing import Any

HEADER = {"header_name": "X-Key", "header_prefix": "Token "}
KEY = "{secret.api_key}"
SENT_AS: dict[str, dict[str, Any]] = {
    "several headers": {"headers": {"X-Api-Key": KEY, "X-Account": "{secret.account}", "X-V": "2"}},
    "a header with an underscore": {"headers": {"api_token": KEY}},
    "HTTP Basic": {"basic": {}},
    "key as user name": {"basic": {"username": KEY, "password": ""}},
    "word and key": {"basic": {"username": "anystring", "password": KEY}},
    "key in the query": {"query": {"api_key": KEY, "format": "json"}},
    "both": {"headers": {"X-Account": "{secret.account}"}, "query": {"api_key": KEY}},
}
ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:theirs-AbCdEf"


def key_file(
    *,
    provider: dict[str, Any] | None = None,
    callers: dict[str, Any] | None = None,
    granted: dict[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A file with one API key in it."""
    parts: dict[str, Any] = {
        "providers": {"acme": provider or {"api_key": HEADER}},
        "credentials": {"jobs": {"provider": "acme", "kind": "api_key", **fields}},
        "grants": [
            {"caller": "billing", "credential": "jobs", **(granted or {"full_access": True})}
        ],
    }
    return parts | ({"callers": callers} if callers else {})
