"""Whom the deployed APIs let in, and what API Gateway answers in our place."""

import json
import re
from typing import Any

from tests.template.deployed import deployed

from tokenvend.domain import errors

#: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
GATEWAY_RESPONSES = {
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
}
#: What an error_description may not hold (RFC 6749 §5.2).
NOT_DESCRIBABLE = re.compile(r"[^\x20\x21\x23-\x5B\x5D-\x7E]")
type Statement = dict[str, Any]


def _resource_policy(resources: dict[str, Any]) -> list[Statement]:
    body = resources["VendingApi"]["Properties"]["DefinitionBody"]
    statements: list[Statement] = body["x-amazon-apigateway-policy"]["Statement"]
    return statements


def test_signed_requests_come_from_the_accounts_that_are_allowed(template: dict[str, Any]) -> None:
    own, named = (
        _resource_policy(deployed(template, AllowedAccounts=accounts))[0]
        for accounts in ("", ["111122223333"])
    )

    assert own["Principal"] == {"AWS": [{"Ref": "AWS::AccountId"}]}
    assert named["Principal"] == {"AWS": {"Ref": "AllowedAccounts"}}
    assert own["Resource"] == "execute-api:/*/POST/iam/*"


def test_what_is_open_to_everybody_is_proven_by_the_function_or_tells_nothing(
    on_aws: dict[str, Any],
) -> None:
    everybody = [each for each in _resource_policy(on_aws) if each["Principal"] == "*"]

    (statement,) = everybody
    assert not [each for each in statement["Resource"] if "/iam/" in each or each.endswith("/*/*")]


def test_a_private_api_answers_through_the_named_endpoints_alone(template: dict[str, Any]) -> None:
    private = deployed(template, ApiEndpointType="PRIVATE", VpcEndpointIds=["vpce-1"])

    for statement in _resource_policy(private):
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceVpce": {"Ref": "VpcEndpointIds"}}
        }
    endpoint = private["VendingApi"]["Properties"]["EndpointConfiguration"]
    assert endpoint["VPCEndpointIds"] == {"Ref": "VpcEndpointIds"}


def test_every_gateway_response_is_one_that_our_code_could_have_given(
    on_aws: dict[str, Any],
) -> None:
    body = on_aws["VendingApi"]["Properties"]["DefinitionBody"]
    responses = body["x-amazon-apigateway-gateway-responses"]
    statuses = {
        kind.code: int(kind.status)
        for kind in vars(errors).values()
        if isinstance(kind, type)
        and issubclass(kind, errors.TokenVendError)
        and hasattr(kind, "code")
    }

    assert responses.keys() <= GATEWAY_RESPONSES
    for name, response in responses.items():
        document = json.loads(response["responseTemplates"]["application/json"])
        assert document.keys() == {"error", "error_description"}, name
        headers = response["responseParameters"]
        assert headers["gatewayresponse.header.Cache-Control"] == "'no-store'", name
        is_busy = document["error"] == "temporarily_unavailable"
        assert ("gatewayresponse.header.Retry-After" in headers) == is_busy, name
        challenge = "'AWS4-HMAC-SHA256'" if document["error"] == "invalid_client" else None
        assert headers.get("gatewayresponse.header.WWW-Authenticate") == challenge, name
        assert NOT_DESCRIBABLE.search(document["error_description"]) is None, name
        wanted = {"429", "503"} if is_busy else {str(statuses[document["error"]])}
        assert response["statusCode"] in wanted, name


def test_time_outs_nest_from_the_function_to_the_api(
    template: dict[str, Any], on_aws: dict[str, Any]
) -> None:
    integrations = [
        method["x-amazon-apigateway-integration"]
        for methods in on_aws["VendingApi"]["Properties"]["DefinitionBody"]["paths"].values()
        for method in methods.values()
    ]

    function_ms = template["Globals"]["Function"]["Timeout"] * 1000
    assert {each["timeoutInMillis"] for each in integrations} == {25_000}
    assert function_ms < 25_000
