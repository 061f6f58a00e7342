"""For whom a key signs tokens, as it is recorded with the key: the tokens' `aud`."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.unit.domain.signed_jwts import definition_of

from tokenvend.domain.secret_destination import destination_of

TWO = {"a": "one", "b": "other"}


@pytest.mark.parametrize(
    ("described", "destination"),
    [
        ({"claims": {"aud": "appstoreconnect-v1"}}, "@signs:appstoreconnect-v1"),
        ({"claims": {}}, "@signs:"),
        ({}, "@signs:"),
        ({"claims": ["aud"]}, "@signs:"),
    ],
    ids=str,
)
def test_an_audience_that_a_tag_can_hold_is_recorded_as_it_is(
    described: Mapping[str, Any], destination: str
) -> None:
    assert destination_of(definition_of(described)) == destination


@pytest.mark.parametrize("audience", [["a", "b"], "a b", "a" * 129, TWO], ids=str)
def test_any_other_audience_is_recorded_by_its_digest(audience: object) -> None:
    recorded = destination_of(definition_of({"claims": {"aud": audience}}))

    assert recorded.startswith("@signs:sha256=")
    assert len(recorded) == len("@signs:sha256=") + 64


def test_the_order_of_an_audiences_members_changes_no_digest() -> None:
    either = [TWO, dict(reversed(TWO.items()))]

    recorded = {destination_of(definition_of({"claims": {"aud": each}})) for each in either}

    assert len(recorded) == 1
