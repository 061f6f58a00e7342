"""Requests of a workload that exchanges its platform's token."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from tests.fakes.issuer import FakeIssuer

from tokenvend.domain.request import TOKEN_EXCHANGE

JWT = "urn:ietf:params:oauth:token-type:jwt"
FORM = {"grant_type": TOKEN_EXCHANGE, "subject_token_type": JWT}


def token(**claims: Any) -> str:
    return FakeIssuer(datetime.now(UTC)).token(**claims).reveal()


def event(
    form: dict[str, str],
    *,
    headers: dict[str, str] | None = None,
    route: str = "/oauth2/{credential}/token",
    **path: str,
) -> dict[str, Any]:
    """A request as API Gateway hands it on."""
    told = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    return {
        "resource": route,
        "httpMethod": "POST",
        "headers": told,
        "pathParameters": {"credential": "jobs", **path},
        "queryStringParameters": None,
        "requestContext": {"identity": {}},
        "body": urlencode(form),
        "isBase64Encoded": False,
    }
