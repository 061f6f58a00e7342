"""Authorization server metadata (RFC 8414 §3), computed from the path alone.

The registry is not read and no scope is listed. Every well-formed credential name has metadata, so
that it does not reveal which credentials exist. The issuer comes from the stage's configuration,
never from the Host header.
"""

import json
from collections.abc import Mapping
from typing import Any

from tokenvend.domain.credential_definition import ClientAuthentication
from tokenvend.domain.errors import InvalidClientError
from tokenvend.domain.names import is_name
from tokenvend.domain.request import CLIENT_CREDENTIALS, TOKEN_EXCHANGE
from tokenvend.domain.workload.exchange_request import SUBJECT_TOKEN_TYPES
from tokenvend.entries.alias import require_live

_CACHED = "public, max-age=3600"
#: How callers authenticate, as `entries.form` parses it. `none` is for workloads: their subject
#: token proves them, so no client authenticates.
_CLIENT_METHODS = (
    *(ClientAuthentication.BASIC, ClientAuthentication.POST, ClientAuthentication.NONE),
)


def build_metadata(issuer_base: str, credential: str) -> dict[str, object]:
    """Return the metadata of one credential's authorization server (RFC 8414 §2).

    The last three members are tokenvend's own: no standard has a name for them.
    """
    issuer = f"{issuer_base.rstrip('/')}/oauth2/{credential}"
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/token",
        "token_endpoint_auth_methods_supported": [method.value for method in _CLIENT_METHODS],
        "grant_types_supported": [CLIENT_CREDENTIALS, TOKEN_EXCHANGE],
        "response_types_supported": [],
        "subject_token_types_supported": sorted(SUBJECT_TOKEN_TYPES),
        "token_rejection_endpoint": f"{issuer}/token/reject",
        "connections_endpoint": f"{issuer}/connections",
    }


def answer_metadata(event: Mapping[str, Any], *, invoked_function_arn: str) -> dict[str, Any]:
    """Answer an API Gateway proxy event for one of the well-known paths."""
    try:
        require_live(invoked_function_arn)
    except InvalidClientError as error:
        return _answer(401, {"error": error.code, "error_description": error.description})
    credential = (event.get("pathParameters") or {}).get("credential")
    issuer_base = (event.get("stageVariables") or {}).get("issuer_base")
    if not isinstance(credential, str) or not is_name(credential) or not issuer_base:
        return _answer(404, {"error": "not_found", "error_description": "There is nothing here."})
    return _answer(200, build_metadata(issuer_base, credential), cache=_CACHED)


def _answer(status: int, fields: dict[str, object], *, cache: str = "no-store") -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Cache-Control": cache}
    return {"statusCode": status, "headers": headers, "body": json.dumps(fields)}
