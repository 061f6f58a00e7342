"""docs/openapi.yaml is the API: schemathesis asks what it allows and more, the functions answer."""

import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from schemathesis import Response
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.functions.api_callers import CLIENT, SIGNER, function_of
from tests.functions.conftest import ROOT, load_handler, through
from tests.template.conftest import CloudFormation

from fuzzing.target import documented_errors
from tokenvend.domain.connection_request import PARAMETERS as CONNECTION_PARAMETERS
from tokenvend.domain.request import EXCHANGE_PARAMETERS, PARAMETERS, REJECTION_PARAMETERS

DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text(encoding="utf-8"))
API = schemathesis.openapi.from_dict(DOCUMENT)
#: Of the methods, API Gateway lets through only those that the template has.
CONFORMANCE = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def event_of(route: str, sent: requests.PreparedRequest) -> dict[str, Any]:
    """The request as API Gateway hands it on, proven as its entry wants it."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]*)", route)
    match = re.fullmatch(pattern, urlsplit(str(sent.url)).path)
    assert match is not None
    body = sent.body.decode() if isinstance(sent.body, bytes) else sent.body
    headers = {"Content-Type": sent.headers.get("Content-Type", "")}
    if route.startswith("/oauth2"):
        headers["Authorization"] = CLIENT
    return {
        "resource": route,
        "httpMethod": sent.method,
        "headers": headers,
        "pathParameters": {name: unquote(value) for name, value in match.groupdict().items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": parse_qs(urlsplit(str(sent.url)).query),
        "stageVariables": {"issuer_base": "https://tokens.example.com"},
        "requestContext": {"identity": SIGNER},
        "body": body,
        "isBase64Encoded": False,
    }


def answer_to(case: Any) -> Response:
    """What the function behind a case's route answers, as a client sees it."""
    sent = requests.Request(**case.as_transport_kwargs(base_url="https://x.example")).prepare()
    route = case.operation.path
    answer = load_handler(function_of(route))(event_of(route, sent), through("live"))
    return Response(
        status_code=answer["statusCode"],
        headers={name.lower(): [value] for name, value in answer["headers"].items()},
        content=answer["body"].encode(),
        request=sent,
        elapsed=0.0,
        verify=False,
    )


@pytest.mark.usefixtures("harness")
@API.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_the_description_has(case: Any) -> None:
    case.validate_response(answer_to(case), checks=CONFORMANCE)


@pytest.mark.usefixtures("harness")
def test_an_answer_that_the_description_lacks_is_noticed() -> None:
    operation = API["/iam/{credential}/token"]["POST"]
    case = operation.Case(path_parameters={"credential": "jobs"}, body={})
    answer = answer_to(case)
    answer.status_code = 418

    with pytest.raises(FailureGroup, match="Undocumented status code"):
        case.validate_response(answer, checks=CONFORMANCE)


def test_description_has_the_routes_of_the_template_and_no_other() -> None:
    template = yaml.load((ROOT / "template.yaml").read_text(encoding="utf-8"), CloudFormation)  # noqa: S506
    routes: dict[str, set[str]] = {}
    for api in ("VendingApi", "PagesApi"):
        body = template["Resources"][api]["Properties"]["DefinitionBody"]
        routes |= {path: set(methods) for path, methods in body["paths"].items()}

    assert {
        path: set(methods) - {"servers"} for path, methods in DOCUMENT["paths"].items()
    } == routes


def test_description_has_every_parameter_and_every_error() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    codes = {code for _, code in documented_errors()}

    user = {"subject_token", "subject_token_type"}
    assert set(schemas["TokenRequest"]["properties"]) == PARAMETERS | user
    assert set(schemas["TokenExchange"]["properties"]) == PARAMETERS | EXCHANGE_PARAMETERS
    assert set(schemas["Report"]["properties"]) == REJECTION_PARAMETERS | user
    assert set(schemas["ConnectionRequest"]["properties"]) == user.union(
        *CONNECTION_PARAMETERS.values()
    )
    assert set(schemas["Error"]["properties"]["error"]["enum"]) == codes | {"not_found"}
