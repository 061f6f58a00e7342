"""Each example of docs/openapi.yaml, sent to its function, gets the answer of its name."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from tests.fakes.issuer import FakeIssuer
from tests.functions.api_callers import CLIENT, SIGNER, function_of
from tests.functions.conftest import ROOT, load_handler, through
from tests.functions.page_flow import Links, callback, event

TEXT = (ROOT / "docs/openapi.yaml").read_text(encoding="utf-8")
DOCUMENT: dict[str, Any] = yaml.safe_load(TEXT)
REGISTRY: Registry[Any] = Registry().with_resource(
    "urn:api", Resource.from_contents(DOCUMENT, DRAFT202012)
)
FORM = "application/x-www-form-urlencoded"
#: Fields whose values differ each time; that they are there, and of the right kind, is seen.
VOLATILE = frozenset(
    {"access_token", "expires_in", "expires_at", "token_sha256", "headers", "connect_url"}
)
DIRECT = DOCUMENT["x-direct-invocation"]

type Sent = tuple[str, str, str, dict[str, Any]]


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """*part*, or what it refers to."""
    while "$ref" in part:
        target: Any = DOCUMENT
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        part = target
    return part


def errors_of(value: object, reference: str) -> list[str]:
    """What keeps *value* from being one of the schema at *reference*."""
    schema = {"$ref": f"urn:api#{reference}"}
    validator = Draft202012Validator(schema, registry=REGISTRY)
    return [error.message for error in validator.iter_errors(value)]


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method in ("get", "post"):
            if method in item:
                yield path, method, item[method]


def sent_examples() -> Iterator[Any]:
    for path, _, operation in operations():
        for media in operation.get("requestBody", {}).get("content", {}).values():
            for name, example in media["examples"].items():
                yield pytest.param(path, name, example["value"], id=f"{path} {name}")


def answers_of(path: str, method: str) -> dict[str, tuple[int, Any]]:
    """The examples of an operation's answers: name, status, value."""
    found = {}
    for status, response in DOCUMENT["paths"][path][method]["responses"].items():
        for media in resolved(response).get("content", {}).values():
            for name, example in media.get("examples", {}).items():
                found[name] = int(status), example["value"]
    return found


def shown(fields: dict[str, Any]) -> dict[str, Any]:
    """*fields* with a mark in place of what differs each time."""
    marked: dict[str, Any] = {
        name: "…" if name in VOLATILE else value for name, value in fields.items()
    }
    if "answers" in marked:
        marked["answers"] = [shown(each) for each in marked["answers"]]
    return marked


def answer_to(path: str, name: str, value: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    form = dict(value)
    if "subject_token" in form:
        form["subject_token"] = FakeIssuer(datetime.now(UTC)).token().reveal()
    is_client = path.startswith("/oauth2") and "subject_token" not in form
    event = {
        "resource": path,
        "httpMethod": "POST",
        "headers": {"Content-Type": FORM} | ({"Authorization": CLIENT} if is_client else {}),
        "pathParameters": {
            "credential": "hiring" if "connections" in path else "jobs",
            "action": name,
        },
        "requestContext": {"identity": SIGNER},
        "body": urlencode(form, doseq=True),
    }
    answer = load_handler(function_of(path))(event, through("live"))
    return answer["statusCode"], json.loads(answer["body"])


def test_document_is_one_of_openapi_3_1_for_tools_of_any_yaml() -> None:
    assert not [str(error) for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()]
    assert DOCUMENT["openapi"] == "3.1.0"
    # Merge keys are YAML 1.1: not every tool reads them.
    assert "<<" not in TEXT


def test_a_document_that_is_none_is_noticed() -> None:
    broken = DOCUMENT | {"paths": {"/x": {"get": {"responses": {"200": {}}}}}}

    assert [str(error) for error in OpenAPIV31SpecValidator(broken).iter_errors()]


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(("path", "name", "value"), list(sent_examples()))
def test_example_gets_the_answer_of_its_name(path: str, name: str, value: dict[str, Any]) -> None:
    status, example = answers_of(path, "post")[name]

    answered, fields = answer_to(path, name, value)

    assert (answered, shown(fields)) == (status, shown(example))


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("name", DIRECT["examples"])
def test_direct_example_gets_its_answer(name: str) -> None:
    example = DIRECT["examples"][name]

    answer = load_handler("vend_direct")(example["request"], through("billing"))

    if "answers" in answer:
        # Of two, the second finds what the first left in memory.
        assert len(answer["answers"]) == len(example["answer"]["answers"])
    assert shown(answer) == shown(example["answer"])
    for value, kind in ((example["request"], "Request"), (answer, "Answer")):
        assert errors_of(value, f"/components/schemas/Direct{kind}") == []


@pytest.mark.parametrize(("path", "method", "operation"), list(operations()))
def test_every_operation_has_examples_and_each_fits_its_schema(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    examples = answers_of(path, method)
    for status, response in operation["responses"].items():
        for media in resolved(response).get("content", {}).values():
            reference = media["schema"].get("$ref", "").removeprefix("#")
            for name, example in media.get("examples", {}).items():
                assert reference, name
                assert errors_of(example["value"], reference) == [], (status, name)

    assert examples


@pytest.mark.usefixtures("harness")
def test_documents_that_are_public_are_as_shown() -> None:
    event = {
        "pathParameters": {"credential": "jobs"},
        "stageVariables": {"issuer_base": "https://tokens.example.com"},
    }
    metadata = json.loads(load_handler("metadata")(event, through("live"))["body"])
    keys = json.loads(load_handler("jwks")(event, through("live"))["body"])

    path = "/oauth2/{credential}/.well-known/openid-configuration"
    assert answers_of(path, "get")["jobs"] == (200, metadata)
    assert answers_of("/.well-known/jwks.json", "get")["none"] == (200, keys)


def page_at(method: str, link: str) -> dict[str, Any]:
    value = DOCUMENT["components"]["parameters"]["link"]["examples"][link]["value"]
    asked = event(method, "/connect/{link}", pathParameters={"link": value})
    return load_handler("connect_pages")(asked, through("live"))


def page_after_consent() -> dict[str, Any]:
    left = page_at("POST", "show")
    cookie = left["headers"]["Set-Cookie"].partition(";")[0]
    state = parse_qs(urlsplit(Links(left["body"]).refresh).query)["state"][0]
    return load_handler("connect_pages")(callback(cookie, state=state, code="c"), through("live"))


def page_after_a_made_up_state() -> dict[str, Any]:
    return load_handler("connect_pages")(callback(None, state="s", code="c"), through("live"))


PAGES: dict[tuple[str, str, str], Callable[[], dict[str, Any]]] = {
    ("/connect/{link}", "get", "show"): lambda: page_at("GET", "show"),
    ("/connect/{link}", "get", "over"): lambda: page_at("GET", "over"),
    ("/connect/{link}", "post", "continue"): lambda: page_at("POST", "show"),
    ("/connect/{link}", "post", "over"): lambda: page_at("POST", "over"),
    ("/callback/{credential}", "get", "connected"): page_after_consent,
    ("/callback/{credential}", "get", "over"): page_after_a_made_up_state,
}


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(("path", "method", "name"), PAGES)
def test_example_of_a_page_is_an_excerpt_of_that_page(path: str, method: str, name: str) -> None:
    status, excerpt = answers_of(path, method)[name]

    answer = PAGES[path, method, name]()

    assert answer["statusCode"] == status
    assert excerpt in answer["body"]


def test_each_example_of_a_page_is_compared_with_its_page() -> None:
    shown = {
        (path, method, name)
        for path, method, operation in operations()
        if operation["tags"] == ["pages"]
        for name in answers_of(path, method)
    }

    assert shown == PAGES.keys()
