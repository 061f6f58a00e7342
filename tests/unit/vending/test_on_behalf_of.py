"""A user's token is exchanged for one that is given to that user alone and ends with it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.clock import START
from tests.unit.vending.harness import BILLING, INVOCATION
from tests.unit.vending.on_behalf_of import (
    ADA,
    APP,
    BOB,
    CUSTOMERS,
    STAFF,
    OnBehalfHarness,
    definition_on_behalf,
    echoing,
    value_of,
)

from tokenvend.domain.errors import SubjectTokenError
from tokenvend.domain.registry import Isolation
from tokenvend.domain.request import TOKEN_EXCHANGE, VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.domain.users import User, UserToken

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


@pytest.fixture
def harness() -> OnBehalfHarness:
    return echoing(OnBehalfHarness())


@pytest.mark.parametrize(
    ("described", "sent"),
    [
        pytest.param(
            {},
            {
                "grant_type": TOKEN_EXCHANGE,
                "subject_token": "the-users",
                "subject_token_type": ACCESS_TOKEN,
            },
            id="token exchange",
        ),
        pytest.param(
            {
                "parameters": {
                    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                    "requested_token_type": ACCESS_TOKEN,
                }
            },
            {
                "grant_type": TOKEN_EXCHANGE,
                "subject_token": "the-users",
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "requested_token_type": ACCESS_TOKEN,
            },
            id="token exchange of another type",
        ),
        pytest.param(
            {"on_behalf_of": "jwt_bearer"},
            {
                "grant_type": JWT_BEARER,
                "assertion": "the-users",
                "requested_token_use": "on_behalf_of",
            },
            id="as Entra ID has it",
        ),
    ],
)
def test_provider_is_given_the_users_token(described: dict[str, Any], sent: dict[str, str]) -> None:
    harness = echoing(OnBehalfHarness(definition_on_behalf(**described)))

    vended = harness.ask(harness.environment(), token="the-users")

    (request,) = harness.provider.requests
    assert request.form == sent | {"scope": "jobs_read"}
    assert request.headers["Authorization"].startswith("Basic ")
    assert Secret("the-users") in request.confidential
    assert value_of(vended) == "for-the-users"


def test_token_is_kept_for_its_user_and_for_nobody_else(harness: OnBehalfHarness) -> None:
    users = [ADA, BOB, User(CUSTOMERS, "ada", APP)]
    first, second = harness.environment(), harness.environment()

    for environment in (first, second, first):
        for user in users:
            assert value_of(harness.ask(environment, user)) == (
                f"for-{user.issuer[8:]}-{user.subject}-{APP}"
            )
    assert harness.provider.exchanges == len(users)


def test_next_token_of_a_user_gets_what_is_kept(harness: OnBehalfHarness) -> None:
    environment = harness.environment()
    harness.ask(environment, token="first")

    again = harness.ask(environment, token="second")
    cold = harness.ask(harness.environment(), token="third")

    assert value_of(again) == value_of(cold) == "for-first"
    assert harness.provider.exchanges == 1


names = st.sampled_from(["ada", "bob", "a", "da", "ada\x00", 'a","b'])
people = st.builds(User, st.sampled_from([STAFF, CUSTOMERS]), names, st.just(APP))


@settings(max_examples=60, deadline=None)
@given(
    requested=st.lists(
        st.tuples(people, st.booleans(), st.integers(0, 700), st.booleans()), max_size=15
    )
)
def test_no_order_of_requests_gives_one_users_token_to_another(
    requested: list[tuple[User, bool, int, bool]],
) -> None:
    harness = echoing(OnBehalfHarness())
    environments = [harness.environment(), harness.environment()]
    ends: dict[str, datetime] = {}

    for number, (user, which, pause, is_long) in enumerate(requested):
        harness.clock.advance(timedelta(seconds=pause))
        now = harness.clock.now()
        until = now + timedelta(hours=1) if is_long else now + timedelta(seconds=90)
        text = f"{number}.{user.key}"
        ends[text] = until
        answer = harness.ask(environments[which], user, token=text, until=until).answer

        made_of = answer.token.access_token.reveal().removeprefix("for-")
        assert made_of.partition(".")[2] == user.key
        assert now < answer.token.expires_at <= ends[made_of]


def test_token_ends_with_the_users_own(harness: OnBehalfHarness) -> None:
    environment = harness.environment()
    end = START + timedelta(seconds=300)
    first = harness.ask(environment, token="first", until=end)

    assert first.answer.token.expires_at == end
    harness.clock.advance(timedelta(seconds=301))
    later = harness.ask(environment, token="second", until=START + timedelta(hours=1))

    assert value_of(later) == "for-second"


def test_users_longer_token_does_not_make_the_providers_longer(harness: OnBehalfHarness) -> None:
    vended = harness.ask(harness.environment(), until=START + timedelta(days=1))

    assert vended.answer.token.expires_at < START + timedelta(seconds=1800)


def test_token_that_expires_while_the_provider_answers_gives_nothing(
    harness: OnBehalfHarness,
) -> None:
    harness.provider.takes_seconds = 2.0
    environment = harness.environment()

    with pytest.raises(SubjectTokenError) as caught:
        harness.ask(environment, until=START + timedelta(seconds=1))

    assert caught.value.rule == "subject_token.expired"
    # And it keeps nobody from asking again.
    assert value_of(harness.ask(environment, token="next")) == "for-next"


def test_one_exchange_for_a_user_however_many_ask(harness: OnBehalfHarness) -> None:
    environments = [harness.environment() for _ in range(12)]

    with ThreadPoolExecutor(12) as pool:
        made = pool.map(lambda each: value_of(harness.ask(each, token="same")), environments)

    assert set(made) == {"for-same"}
    assert harness.provider.exchanges == 1


def test_token_of_a_user_is_renewed_by_no_schedule(harness: OnBehalfHarness) -> None:
    environment = harness.environment()
    harness.ask(environment)
    harness.clock.advance(timedelta(seconds=1200))
    harness.ask(environment)

    key = harness.ask(environment).decision.key
    assert harness.tokens.read(key).token is not None
    assert not harness.tokens.read(key).is_in_use


def test_callers_share_a_users_token_unless_they_are_isolated(harness: OnBehalfHarness) -> None:
    shop = replace(BILLING, identity="iam:111122223333:role/shop")
    harness.reader.callers[shop.identity] = replace(
        harness.reader.callers[BILLING.identity], name="shop"
    )
    grant = harness.reader.grants[BILLING.identity, "jobs"]
    for isolation, exchanges in ((Isolation.SHARED, 1), (Isolation.CALLER, 2)):
        harness.reader.grants[shop.identity, "jobs"] = replace(
            grant, caller="shop", isolation=isolation
        )
        environment = harness.environment()
        harness.ask(environment, token="same")
        environment.vend(
            shop,
            VendRequest("jobs", user=ADA),
            time_left=INVOCATION,
            user_token=UserToken(Secret("same"), START + timedelta(hours=1)),
        )
        assert harness.provider.exchanges == exchanges
