"""How a token is sent to its API comes back from the token's document as it was written."""

from typing import Any

import pytest

from tokenvend.adapters.dynamodb.documents import MalformedDocumentError
from tokenvend.adapters.dynamodb.presentation_items import build_presentation, parse_presentation
from tokenvend.domain.secret import Secret
from tokenvend.domain.token_presentation import BEARER, Header, RequestParts, SentAs, TokenType

PARTS = RequestParts(
    headers={"X-Api-Key": Secret("of-the-header")},
    query={"key": Secret("of-the-query")},
    token_type=TokenType.NOT_BEARER,
)


@pytest.mark.parametrize(
    "sent_as",
    [
        pytest.param(BEARER, id="a bearer token"),
        pytest.param(Header("X-Auth", "", TokenType.NOT_BEARER), id="a header"),
        pytest.param(Header("X-Auth", "Token ", TokenType.BEARER), id="a header with a prefix"),
        pytest.param(PARTS, id="headers and a query"),
        pytest.param(RequestParts({}, {}, TokenType.NOT_BEARER), id="nothing"),
    ],
)
def test_what_is_sent_comes_back_as_it_was(sent_as: SentAs) -> None:
    assert parse_presentation(build_presentation(sent_as)) == sent_as


def test_former_versions_read_a_bearer_token_and_it_has_no_fields() -> None:
    assert build_presentation(BEARER) == {}
    assert parse_presentation({}) == BEARER


@pytest.mark.parametrize("field", ["headers", "query", "token_type"])
def test_parts_that_lack_a_field_are_refused_by_its_name(field: str) -> None:
    document: dict[str, Any] = build_presentation(PARTS)
    del document["parts"][field]

    with pytest.raises(MalformedDocumentError, match=f"^{field} is not "):
        parse_presentation(document)


@pytest.mark.parametrize("field", ["name", "prefix", "token_type"])
def test_a_header_that_lacks_a_field_is_refused_by_its_name(field: str) -> None:
    document: dict[str, Any] = build_presentation(Header("X-Auth", "", TokenType.BEARER))
    del document["header"][field]

    with pytest.raises(MalformedDocumentError, match=f"^{field} is not "):
        parse_presentation(document)


def test_a_token_type_of_a_later_version_is_refused() -> None:
    document: dict[str, Any] = build_presentation(PARTS)
    document["parts"]["token_type"] = "not-yet-known"

    with pytest.raises(ValueError, match="not-yet-known"):
        parse_presentation(document)
