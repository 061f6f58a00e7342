"""Texts that are no JWT, or could be read in two ways."""

import json

import pytest
from tests.fakes.issuer import (
    signed_by_hand,
)
from tests.unit.vending.proving_workloads import HEADER, Scenario, scenario

from tokenvend.domain import bounds
from tokenvend.domain.secret import Secret

__all__ = ["scenario"]


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("a.b", id="two parts"),
        pytest.param("a.b.c.d.e", id="encrypted"),
        pytest.param("e30.e30.e30\n", id="line's end"),
        pytest.param(" e30.e30.e30", id="space"),
        pytest.param("e30=.e30.e30", id="padding"),
        pytest.param("e30.bnVsbA.AA", id="null"),
        pytest.param("W10.e30.AA", id="header is a list"),
        pytest.param('{"payload":"x"}', id="JSON serialization"),
    ],
)
def test_text_that_is_no_compact_jwt_is_refused(scenario: Scenario, token: str) -> None:
    assert scenario.refusal(Secret(token)).rule in {
        "subject_token.malformed",
        "subject_token.algorithm",
    }


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b'{"iss":"https://ci.example","sub":"a","sub":"b"}', id="a claim twice"),
        pytest.param(b'{"iss":"https://ci.example","exp":NaN}', id="NaN"),
        pytest.param(b'{"iss":"https://ci.example","a":"\xff"}', id="not UTF-8"),
        pytest.param(b"[]", id="a list"),
    ],
)
def test_claims_that_could_be_read_in_two_ways_are_refused(
    scenario: Scenario, payload: bytes
) -> None:
    assert scenario.refusal(signed_by_hand(HEADER, payload)).rule == "subject_token.malformed"


def test_parts_signed_by_hand_are_accepted_where_they_are_well_formed(scenario: Scenario) -> None:
    """So what the test above refuses is refused for the reason that it gives."""
    payload = json.dumps(scenario.issuer.claims()).encode()

    assert scenario.prove(signed_by_hand(HEADER, payload)).identity == "oidc:ci/billing"


def test_token_of_more_than_the_bound_is_refused_unread(scenario: Scenario) -> None:
    large = scenario.issuer.token(more="a" * bounds.SUBJECT_TOKEN_BYTES)

    assert scenario.refusal(large).rule == "subject_token.too_large"
    assert scenario.registry.reads == []


def test_token_of_just_the_bound_is_read(scenario: Scenario) -> None:
    """Three characters of base64url stand for two octets at the least."""
    shorter = scenario.issuer.token(more="")
    room = bounds.SUBJECT_TOKEN_BYTES - len(shorter.reveal())
    lengths = {}
    for count in range(room * 3 // 4 - 4, room * 3 // 4 + 4):
        token = scenario.issuer.token(more="a" * count)
        lengths[len(token.reveal())] = token

    assert scenario.prove(lengths[bounds.SUBJECT_TOKEN_BYTES]).identity == "oidc:ci/billing"
    assert {
        scenario.refusal(token).rule
        for length, token in lengths.items()
        if length > bounds.SUBJECT_TOKEN_BYTES
    } == {"subject_token.too_large"}
