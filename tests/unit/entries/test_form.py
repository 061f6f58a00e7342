"""The form of an HTTP request: one reading of it, within bounds, and who authenticates in it."""

from base64 import b64encode
from typing import Any
from urllib.parse import quote_plus

import pytest

from tokenvend.domain import bounds
from tokenvend.domain.errors import InvalidClientError, InvalidRequestError
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.secret import Secret
from tokenvend.entries.form import FORM, prove_client, read_form

NOT_UTF8 = "The body is not UTF-8 text."
NOT_A_FORM = f"The content type must be {FORM}."
TWO_WAYS = "Authenticate the client in one way: in the Authorization header or in the body."
ANOTHER_ID = "client_id differs from the authenticated one."
TOO_LARGE = f"The body is larger than {bounds.BODY_BYTES} bytes."


def event(body: str | None, *, content_type: str | None = FORM, **more: object) -> dict[str, Any]:
    headers = {} if content_type is None else {"Content-Type": content_type}
    return {"headers": headers, "body": body, **more}


def basic(pair: str) -> str:
    return "Basic " + b64encode(pair.encode()).decode()


def refused(one: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(InvalidRequestError) as caught:
        read_form(one)
    return caught.value.rule, caught.value.description


@pytest.mark.parametrize(
    "one",
    [
        event("scope=a+b&audience=%C3%A4"),
        event(b64encode(b"scope=a+b&audience=%C3%A4").decode(), isBase64Encoded=True),
        event("scope=a+b&audience=%C3%A4", content_type=f" {FORM.upper()} ; charset=utf-8"),
        {"multiValueHeaders": {"CONTENT-TYPE": [FORM]}, "body": "scope=a+b&audience=%C3%A4"},
    ],
)
def test_a_form_is_read_however_the_gateway_brings_it(one: dict[str, Any]) -> None:
    assert read_form(one) == {"scope": "a b", "audience": "\u00e4"}


def test_the_values_that_the_gateway_lists_count_before_the_one_that_it_names() -> None:
    both = {
        "multiValueHeaders": {"Content-Type": ["text/plain"]},
        "headers": {"Content-Type": FORM},
    }

    assert refused({**both, "body": "a=b"}) == ("request.content_type", NOT_A_FORM)


@pytest.mark.parametrize("body", [None, ""])
def test_nothing_said_need_be_said_in_no_form(body: str | None) -> None:
    assert read_form(event(body, content_type=None)) == {}
    assert read_form({"body": body, "headers": None, "multiValueHeaders": None}) == {}


def test_a_parameter_without_a_value_counts_as_left_out_but_for_the_scope() -> None:
    assert read_form(event("audience=&scope=&tenant=acme")) == {"scope": "", "tenant": "acme"}


@pytest.mark.parametrize(
    ("one", "rule", "words"),
    [
        (event("a=b", content_type=None), "request.content_type", NOT_A_FORM),
        (event("", content_type="application/json"), "request.content_type", NOT_A_FORM),
        (event("a=b", content_type=f"x{FORM}"), "request.content_type", NOT_A_FORM),
        (
            event("a=b", queryStringParameters={"scope": "a"}),
            *("request.query", "Send parameters in the body, never in the URL."),
        ),
        (
            {"multiValueHeaders": {"content-type": [FORM, FORM]}, "body": "a=b"},
            *("request.header", "The header content-type repeats."),
        ),
        (
            {"headers": {"content-type": FORM, "Content-Type": FORM}, "body": "a=b"},
            *("request.header", "The header content-type repeats."),
        ),
        (event("/w==", isBase64Encoded=True), "request.body", NOT_UTF8),
        (event("a", isBase64Encoded=True), "request.body", NOT_UTF8),
        (event("\ud800"), "request.body", NOT_UTF8),
        (event("a=%ff"), "request.body", "The body is not a well-formed form."),
        (
            event("&".join(f"f{n}=1" for n in range(41))),
            *("request.body", "The body is not a well-formed form."),
        ),
        (
            event("scope=a&scope=a"),
            *("request.repeated", "A parameter repeats (RFC 6749 section 3.2)."),
        ),
        (
            event("scope=&scope="),
            *("request.repeated", "A parameter repeats (RFC 6749 section 3.2)."),
        ),
    ],
)
def test_a_body_that_can_be_read_in_another_way_is_refused(
    one: dict[str, Any], rule: str, words: str
) -> None:
    assert refused(one) == (rule, words)


def test_forty_fields_are_taken() -> None:
    assert len(read_form(event("&".join(f"f{n}=1" for n in range(40))))) == 40


@pytest.mark.parametrize("is_encoded", [True, False])
def test_a_body_is_as_large_as_it_may_be_and_no_larger(*, is_encoded: bool) -> None:
    def sized(size: int) -> dict[str, Any]:
        raw = "a=" + "b" * (size - 2)
        body = b64encode(raw.encode()).decode() if is_encoded else raw
        return event(body, isBase64Encoded=is_encoded)

    assert len(read_form(sized(bounds.BODY_BYTES))["a"]) == bounds.BODY_BYTES - 2
    assert refused(sized(bounds.BODY_BYTES + 1)) == ("request.too_large", TOO_LARGE)


@pytest.mark.parametrize("is_encoded", [True, False])
def test_a_body_that_is_far_too_large_is_not_even_decoded(*, is_encoded: bool) -> None:
    one = event("\ud800" * (2 * bounds.BODY_BYTES + 1), isBase64Encoded=is_encoded)

    assert refused(one) == ("request.too_large", TOO_LARGE)


@pytest.mark.parametrize(
    ("header", "form"),
    [
        pytest.param(basic("shop:s3cret%2F+"), {}, id="basic"),
        pytest.param(basic("shop:s3cret%2F+").replace("Basic", "bAsIc"), {}, id="a scheme's case"),
        pytest.param(basic("shop:s3cret%2F+"), {"client_id": "shop"}, id="the same id twice"),
        pytest.param("", {"client_id": "shop", "client_secret": "s3cret/ "}, id="post"),
    ],
)
def test_a_client_is_who_its_id_and_secret_say(header: str, form: dict[str, str]) -> None:
    assert prove_client({"headers": {"Authorization": header}}, form) == Proof(
        EntryPoint.OAUTH2, "client:shop", client_secret=Secret("s3cret/ ")
    )


def test_a_secret_may_hold_a_colon() -> None:
    header = basic(f"shop:{quote_plus('a:b')}")
    plain = basic("shop:a:b")

    proofs = [prove_client({"headers": {"authorization": each}}, {}) for each in (header, plain)]

    assert [proof.client_secret for proof in proofs] == [Secret("a:b")] * 2


@pytest.mark.parametrize(
    ("header", "form", "words"),
    [
        (basic("shop:s"), {"client_id": "shop", "client_secret": "s"}, TWO_WAYS),
        (basic("shop:s"), {"client_assertion": "a"}, TWO_WAYS),
        (basic("shop:s"), {"client_id": "other"}, ANOTHER_ID),
    ],
)
def test_a_client_authenticates_in_one_way(header: str, form: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        prove_client({"headers": {"Authorization": header}}, form)

    assert caught.value.rule == "request.client_authentication"
    assert caught.value.description == words


@pytest.mark.parametrize(
    ("header", "form", "rule"),
    [
        ("Bearer abc", {}, "client.scheme"),
        ("Basic", {}, "client.malformed"),
        ("Basic !!!!", {}, "client.malformed"),
        ("Basic /w==", {}, "client.malformed"),
        ("Basic c2hv!cDpz", {}, "client.malformed"),
        (basic("shop"), {}, "client.malformed"),
        (basic("shop:"), {}, "client.malformed"),
        (basic(":s"), {}, "client.malformed"),
        (basic("a/b:s"), {}, "client.malformed"),
        (basic("shop\n:s"), {}, "client.malformed"),
        ("", {}, "client.malformed"),
        ("", {"client_id": "shop"}, "client.malformed"),
        ("", {"client_secret": "s"}, "client.malformed"),
        ("", {"client_id": "shop", "client_secret": ""}, "client.malformed"),
        ("", {"client_id": "a" * 64, "client_secret": "s"}, "client.malformed"),
    ],
)
def test_whoever_proves_nothing_is_nobody(header: str, form: dict[str, str], rule: str) -> None:
    with pytest.raises(InvalidClientError) as caught:
        prove_client({"headers": {"Authorization": header}}, form)

    assert caught.value.rule == rule


@pytest.mark.parametrize(
    ("body", "resource"),
    [
        ("resource=urn:a&resource=urn:b", ["urn:a", "urn:b"]),
        ("resource=urn:a&resource=urn:a", ["urn:a", "urn:a"]),
        ("resource=urn:a&resource=", "urn:a"),
        ("resource=urn:a", "urn:a"),
        ("resource=&resource=", None),
    ],
)
def test_resource_alone_may_repeat(body: str, resource: object) -> None:
    assert read_form(event(body)).get("resource") == resource
    assert refused(event(f"{body}&audience=a&audience=b"))[0] == "request.repeated"
