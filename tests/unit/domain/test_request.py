"""What a caller asks for: both sides of every bound, and values of every wrong kind."""

from typing import Any

import pytest

from tokenvend.domain import bounds
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.request import PARAMETERS, VendRequest, parse_vend_request

NOT_TEXT: list[object] = [True, False, 0, 7, 1.5, [], ["a"], {}, {"a": "b"}, b"a"]


def _rule(**parameters: object) -> str:
    try:
        parse_vend_request("jobs", parameters)
    except TokenVendError as error:
        return error.rule
    return ""


def test_nothing_asked_for_is_nothing_assumed() -> None:
    assert parse_vend_request("jobs", {}) == VendRequest("jobs")


def test_every_parameter_is_taken_over() -> None:
    request = parse_vend_request(
        "jobs",
        {
            "grant_type": "client_credentials",
            "scope": "write read",
            "audience": "https://api.example/",
            "resource": "urn:api",
            "tenant": "Acme_1.eu",
            "connection": "jo",
            "min_ttl_seconds": "60",
        },
    )

    assert request == VendRequest(
        "jobs",
        scopes=frozenset({"read", "write"}),
        audience="https://api.example/",
        resources=("urn:api",),
        tenant="Acme_1.eu",
        connection="jo",
        min_ttl_seconds=60,
    )


@pytest.mark.parametrize("name", sorted(PARAMETERS - {"grant_type"}))
def test_null_counts_as_left_out(name: str) -> None:
    assert parse_vend_request("jobs", {name: None}) == VendRequest("jobs")


def test_unknown_parameter_is_ignored() -> None:
    # RFC 6749 §3.2; the direct entry refuses it before.
    assert parse_vend_request("jobs", {"caller": "admin"}) == VendRequest("jobs")


@pytest.mark.parametrize("name", sorted(PARAMETERS - {"min_ttl_seconds"}))
@pytest.mark.parametrize("value", NOT_TEXT, ids=repr)
def test_value_that_is_not_a_text_is_refused(name: str, value: object) -> None:
    # Of `resource` alone there may be several: a list of no texts is what it may not be.
    wrong = [value] if name == "resource" and value == ["a"] else value
    assert _rule(**{name: wrong}) == f"request.{name}"


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        ({"scope": " "}, "request.scope"),
        ({"scope": " ".join(f"s{n}" for n in range(bounds.SCOPES))}, ""),
        ({"scope": " ".join(f"s{n}" for n in range(bounds.SCOPES + 1))}, "request.scope"),
        ({"scope": "a" * 256}, ""),
        ({"scope": "a" * 257}, "request.scope"),
        ({"scope": "a\nb"}, "request.scope"),
        ({"audience": "a" * 2048}, ""),
        ({"audience": "a" * 2049}, "request.audience"),
        ({"audience": ""}, "request.audience"),
        ({"audience": "a b"}, "request.audience"),
        ({"resource": "a\r\nb"}, "request.resource"),
        ({"resource": 'a"b'}, "request.resource"),
        ({"tenant": "a" * 63}, ""),
        ({"tenant": "a" * 64}, "request.tenant"),
        ({"tenant": "*"}, "request.tenant"),
        ({"tenant": "a/b"}, "request.tenant"),
        ({"tenant": "a\n"}, "request.tenant"),
        ({"connection": "!blocked"}, "request.connection"),
        ({"min_ttl_seconds": 0}, ""),
        ({"min_ttl_seconds": 999_999_999}, ""),
        ({"min_ttl_seconds": 1_000_000_000}, "request.min_ttl_seconds"),
        ({"min_ttl_seconds": -1}, "request.min_ttl_seconds"),
        ({"min_ttl_seconds": False}, "request.min_ttl_seconds"),
        ({"min_ttl_seconds": 60.0}, "request.min_ttl_seconds"),
        ({"min_ttl_seconds": ""}, "request.min_ttl_seconds"),
        ({"min_ttl_seconds": "+1"}, "request.min_ttl_seconds"),
        ({"min_ttl_seconds": "1\n"}, "request.min_ttl_seconds"),
        ({"min_ttl_seconds": "\u0661"}, "request.min_ttl_seconds"),
        ({"min_ttl_seconds": [1]}, "request.min_ttl_seconds"),
        ({"grant_type": ""}, "request.grant_type"),
        ({"grant_type": None}, "request.grant_type"),
        ({"grant_type": "Client_Credentials"}, "request.grant_type"),
        ({"grant_type": "refresh_token"}, "request.grant_type"),
    ],
)  # fmt: skip
def test_bounds_of_each_parameter(parameters: dict[str, Any], rule: str) -> None:
    assert _rule(**parameters) == rule


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"scope": ""}, "invalid_scope"),
        ({"scope": 'a"b'}, "invalid_scope"),
        ({"scope": ["a"]}, "invalid_request"),
        ({"tenant": ""}, "invalid_request"),
        ({"audience": ""}, "invalid_target"),
        ({"resource": ""}, "invalid_target"),
        ({"grant_type": "x"}, "unsupported_grant_type"),
    ],
)
def test_malformed_parameter_has_its_own_wire_code(parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(TokenVendError) as caught:
        parse_vend_request("jobs", parameters)

    assert caught.value.code == code


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_refusal_does_not_quote_what_it_refuses(name: str) -> None:
    with pytest.raises(TokenVendError) as caught:
        parse_vend_request("jobs", {name: "zq\x00hunter2"})

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("sent", "requested_scopes"),
    [
        ("urn:a", ("urn:a",)),
        (["urn:b", "urn:a", "urn:b"], ("urn:a", "urn:b")),
        (["urn:a"], ("urn:a",)),
        (None, ()),
    ],
)
def test_resource_may_repeat_and_its_order_does_not_matter(
    sent: object, requested_scopes: tuple[str, ...]
) -> None:
    assert parse_vend_request("jobs", {"resource": sent}).resources == requested_scopes


@pytest.mark.parametrize("value", [[], [7], ["urn:a", ""], ["urn:a", "b c"], [["urn:a"]]])
def test_several_resources_are_texts_each(value: object) -> None:
    assert _rule(resource=value) == "request.resource"
