"""Which text beside an access token is a refresh token (RFC 6749 appendix A.17)."""

from dataclasses import replace

import pytest
from tests.fakes.provider import json_response
from tests.unit.connecting.world import DEFINITION

from tokenvend.domain.oauth.refresh import refresh_token_of

LONGEST = "r" * 16_384


@pytest.mark.parametrize(
    "text", ["r", "a.b-c_d~e+f/g=", "with space", pytest.param(LONGEST, id="longest")]
)
def test_printable_text_up_to_its_bound_is_one(text: str) -> None:
    found = refresh_token_of(json_response({"refresh_token": text}), DEFINITION)

    assert found is not None
    assert found.reveal() == text


@pytest.mark.parametrize(
    "value",
    [
        "",
        pytest.param(LONGEST + "r", id="too long"),
        "zwölf",
        "line\nbreak",
        "\x00",
        None,
        7,
        ["r"],
        {"r": 1},
    ],
)
def test_anything_else_is_none(value: object) -> None:
    assert refresh_token_of(json_response({"refresh_token": value}), DEFINITION) is None


def test_it_is_looked_for_beside_the_described_token() -> None:
    """Or an answer in an envelope would lose the consent: the spent token is of no use."""
    definition = replace(DEFINITION, token_answer={"token": "data.tokens.0.value"})
    tokens = [{"value": "a-1", "refresh_token": "r-2"}]

    found = refresh_token_of(json_response({"data": {"tokens": tokens}}), definition)
    without = refresh_token_of(json_response({"data": {"tokens": [{"value": "a"}]}}), definition)

    assert found is not None
    assert found.reveal() == "r-2"
    assert without is None
