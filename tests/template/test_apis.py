"""The routes of the APIs, and what is answered and logged before any code."""

import json
from typing import Any

from tests.template.parts import Resources


def _api(resources: Resources) -> dict[str, Any]:
    found: dict[str, Any] = resources["VendingApi"]["Properties"]
    return found


def test_only_the_iam_route_is_open_to_signed_requests_and_every_route_is_known(
    resources: Resources,
) -> None:
    paths = _api(resources)["DefinitionBody"]["paths"]

    assert {(path, method) for path, methods in paths.items() for method in methods} == {
        ("/iam/{credential}/token", "post"),
        ("/oauth2/{credential}/token", "post"),
        ("/iam/{credential}/token/reject", "post"),
        ("/oauth2/{credential}/token/reject", "post"),
        ("/iam/{credential}/connections/{action}", "post"),
        ("/oauth2/{credential}/connections/{action}", "post"),
        ("/oauth2/{credential}/.well-known/openid-configuration", "get"),
        ("/oauth2/{credential}/.well-known/oauth-authorization-server", "get"),
        ("/.well-known/oauth-authorization-server/oauth2/{credential}", "get"),
        ("/.well-known/jwks.json", "get"),
    }
    signed = {path for path, methods in paths.items() if methods.get("post", {}).get("security")}
    assert signed == {
        "/iam/{credential}/token",
        "/iam/{credential}/token/reject",
        "/iam/{credential}/connections/{action}",
    }
    assert paths["/iam/{credential}/token"]["post"]["security"] == [{"sigv4": []}]


def test_what_never_reaches_code_is_answered_like_what_does(resources: Resources) -> None:
    responses = _api(resources)["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]

    errors = {
        name: json.loads(each["responseTemplates"]["application/json"])["error"]
        for name, each in responses.items()
    }

    assert errors["THROTTLED"] == "temporarily_unavailable"
    assert responses["THROTTLED"]["statusCode"] == "429"
    assert "gatewayresponse.header.Retry-After" in responses["THROTTLED"]["responseParameters"]
    assert errors["MISSING_AUTHENTICATION_TOKEN"] == errors["INVALID_SIGNATURE"] == "invalid_client"
    assert errors["INTEGRATION_TIMEOUT"] == "temporarily_unavailable"
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "REQUEST_TOO_LARGE"} <= errors.keys()


def test_access_log_holds_no_header_body_or_query(resources: Resources) -> None:
    fields = json.loads(_api(resources)["AccessLogSetting"]["Format"])

    assert not [
        value
        for value in fields.values()
        if any(word in value for word in ("header", "body", "query", "authorizer", "path."))
    ]


def test_methods_are_throttled_and_bodies_never_traced(resources: Resources) -> None:
    settings = _api(resources)["MethodSettings"]

    assert all(each["ThrottlingRateLimit"] and not each["DataTraceEnabled"] for each in settings)
