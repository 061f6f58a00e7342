"""Which text beside an access token is a refresh token (RFC 6749 appendix A.17), and its end."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.clock import START
from tests.fakes.provider import json_response
from tests.unit.consent.harness import DEFINITION
from tests.unit.consent.refreshing import CONSENT

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.journal import Successor
from tokenvend.domain.oauth.refresh import SentRefreshToken, judge_refresh
from tokenvend.domain.oauth.refresh_token import refresh_expires_at, refresh_token_of
from tokenvend.domain.secret import Secret


@pytest.mark.parametrize(
    "text",
    [
        *("r", "a.b-c_d~e+f/g=", "with space", "zw\u00f6lf", "line\nbreak", "\x00", "\U0001f511"),
        pytest.param("r" * 90_000, id="nearly a whole answer"),
    ],
)
def test_any_text_is_one_as_it_came(text: str) -> None:
    """What was dropped would be a consent that is lost at the next refresh, in silence."""
    found = refresh_token_of(json_response({"refresh_token": text}), DEFINITION)

    assert found is not None
    assert found.reveal() == text


@pytest.mark.parametrize("value", ["", "half a pair: \ud83d", None, 7, ["r"], {"r": 1}])
def test_anything_else_is_none(value: object) -> None:
    assert refresh_token_of(json_response({"refresh_token": value}), DEFINITION) is None


def test_it_may_stand_where_the_description_says() -> None:
    definition = replace(DEFINITION, token_answer={"refresh_token": "data.refreshToken"})

    found = refresh_token_of(json_response({"data": {"refreshToken": "r-2"}}), definition)
    beside = refresh_token_of(json_response({"refresh_token": "r-1"}), definition)

    assert found is not None
    assert found.reveal() == "r-2"
    assert beside is None


def test_it_is_looked_for_beside_the_described_token() -> None:
    """Or an answer in an envelope would lose the consent: the spent token is of no use."""
    definition = replace(DEFINITION, token_answer={"token": "data.tokens.0.value"})
    tokens = [{"value": "a-1", "refresh_token": "r-2"}]

    found = refresh_token_of(json_response({"data": {"tokens": tokens}}), definition)
    without = refresh_token_of(json_response({"data": {"tokens": [{"value": "a"}]}}), definition)

    assert found is not None
    assert found.reveal() == "r-2"
    assert without is None


@pytest.mark.parametrize(
    "name", ["refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in"]
)
@pytest.mark.parametrize(
    ("stated", "days"),
    [
        (86_400, 1.0),
        (1, 1 / 86_400),
        (0, 28.0),
        (-1, 28.0),
        (10**10, 28.0),
        (True, 28.0),
        ("86400", 1.0),
        ("a day", 28.0),
        (None, 28.0),
    ],
)
def test_a_refresh_token_lives_as_its_answer_says_or_as_its_provider_is_known(
    name: str, stated: object, days: float
) -> None:
    end = refresh_expires_at(json_response({name: stated}), DEFINITION, requested_at=START)

    assert end == START + timedelta(days=days)


def test_its_life_may_stand_elsewhere_and_in_another_unit() -> None:
    said = {"refresh_token_lifetime": "data.until", "refresh_token_lifetime_unit": "epoch_seconds"}
    definition = replace(DEFINITION, token_answer=said)
    until = START + timedelta(days=3)
    answer = json_response(
        {"data": {"until": until.timestamp()}, "refresh_token_expires_in": 86_400}
    )

    assert refresh_expires_at(answer, definition, requested_at=START) == until


def test_the_longest_lifetime_that_an_answer_may_state_is_some_centuries() -> None:
    answer = json_response({"refresh_expires_in": 10**10 - 1})

    end = refresh_expires_at(answer, DEFINITION, requested_at=START)

    assert end == START + timedelta(seconds=10**10 - 1)


def test_nothing_is_known_of_its_end_where_nobody_says() -> None:
    silent = CredentialDefinition(name="a", provider="p", token_endpoint="https://a.example/t")

    assert refresh_expires_at(json_response({}), silent, requested_at=START) is None


def test_the_successor_is_kept_with_its_end() -> None:
    redeemed = SentRefreshToken(
        definition=DEFINITION, consent=CONSENT, requested_scopes=None, requested_at=START
    )
    fields = {"access_token": "a", "expires_in": 60, "refresh_token": "r-2"}

    judged = judge_refresh(json_response({**fields, "refresh_expires_in": 3600}), redeemed)

    assert judged.successor == Successor(
        refresh_token=Secret("r-2"),
        scopes=CONSENT.scopes,
        refreshed_at=START,
        refresh_expires_at=START + timedelta(hours=1),
    )
