"""Tokens on behalf of a user: whose they are, how long they hold, and how they are asked for."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.clock import START
from tests.fakes.provider import json_response
from tests.unit.vending.harness import BILLING, DEFINITION, GRANT, INVOCATION, Harness

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import (
    InvalidRequestError,
    ProviderRefusedError,
    SubjectTokenError,
    TemporarilyUnavailableError,
    TokenVendError,
    UnauthorizedClientError,
)
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.registry import Isolation
from tokenvend.domain.request import TOKEN_EXCHANGE, Rejection, VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.domain.users import User, UserToken
from tokenvend.ports import StoreAwayError
from tokenvend.vending.vend_result import VendResult
from tokenvend.vending.vendor import Vendor

STAFF, CUSTOMERS, APP = "https://staff.example", "https://customers.example", "our-api"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
ADA, BOB = User(STAFF, "ada", APP), User(STAFF, "bob", APP)


def defined(**described: Any) -> CredentialDefinition:
    return replace(DEFINITION, token_request={"on_behalf_of": "token_exchange"} | described)


class Behalf(Harness):
    """`Harness` whose credential acts for users of `STAFF` and of `CUSTOMERS`."""

    def __init__(self, definition: CredentialDefinition | None = None) -> None:
        users = {STAFF: APP, CUSTOMERS: APP}
        super().__init__(grant=replace(GRANT, users=users), definition=definition or defined())

    def ask(
        self,
        environment: Vendor,
        user: User = ADA,
        *,
        token: str | None = None,
        until: datetime = START + timedelta(hours=1),
        **changes: Any,
    ) -> VendResult:
        """A request with *user*'s token, whose text names the user unless it is told."""
        request = replace(VendRequest("jobs", user=user), **changes)
        text = token or f"{user.issuer[8:]}-{user.subject}-{user.audience}"
        return environment.vend(
            BILLING,
            request,
            time_left=INVOCATION,
            user_token=UserToken(Secret(text), until),
        )


def named_for(request: ProviderRequest) -> ProviderResponse:
    given = request.form.get("subject_token") or request.form["assertion"]
    fields = {"access_token": f"for-{given}", "token_type": "Bearer", "expires_in": 1800}
    return json_response(fields)


@pytest.fixture
def harness() -> Behalf:
    return echoing(Behalf())


def echoing(harness: Behalf) -> Behalf:
    """*harness*, whose provider answers each request with a token that names the user's."""
    harness.provider.script(*[named_for] * 200)
    return harness


def value_of(vended: VendResult) -> str:
    return vended.answer.token.access_token.reveal()


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
    harness = echoing(Behalf(defined(**described)))

    vended = harness.ask(harness.environment(), token="the-users")

    (request,) = harness.provider.requests
    assert request.form == sent | {"scope": "jobs_read"}
    assert request.headers["Authorization"].startswith("Basic ")
    assert Secret("the-users") in request.confidential
    assert value_of(vended) == "for-the-users"


def test_token_is_kept_for_its_user_and_for_nobody_else(harness: Behalf) -> None:
    users = [ADA, BOB, User(CUSTOMERS, "ada", APP)]
    first, second = harness.environment(), harness.environment()

    for environment in (first, second, first):
        for user in users:
            assert value_of(harness.ask(environment, user)) == (
                f"for-{user.issuer[8:]}-{user.subject}-{APP}"
            )
    assert harness.provider.exchanges == len(users)


def test_next_token_of_a_user_gets_what_is_kept(harness: Behalf) -> None:
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
    asked=st.lists(
        st.tuples(people, st.booleans(), st.integers(0, 700), st.booleans()), max_size=15
    )
)
def test_no_order_of_requests_gives_one_users_token_to_another(
    asked: list[tuple[User, bool, int, bool]],
) -> None:
    harness = echoing(Behalf())
    environments = [harness.environment(), harness.environment()]
    ends: dict[str, datetime] = {}

    for number, (user, which, pause, is_long) in enumerate(asked):
        harness.clock.advance(timedelta(seconds=pause))
        now = harness.clock.now()
        until = now + timedelta(hours=1) if is_long else now + timedelta(seconds=90)
        text = f"{number}.{user.key}"
        ends[text] = until
        answer = harness.ask(environments[which], user, token=text, until=until).answer

        made_of = answer.token.access_token.reveal().removeprefix("for-")
        assert made_of.partition(".")[2] == user.key
        assert now < answer.token.expires_at <= ends[made_of]


def test_token_ends_with_the_users_own(harness: Behalf) -> None:
    environment = harness.environment()
    end = START + timedelta(seconds=300)
    first = harness.ask(environment, token="first", until=end)

    assert first.answer.token.expires_at == end
    harness.clock.advance(timedelta(seconds=301))
    later = harness.ask(environment, token="second", until=START + timedelta(hours=1))

    assert value_of(later) == "for-second"


def test_users_longer_token_does_not_make_the_providers_longer(harness: Behalf) -> None:
    vended = harness.ask(harness.environment(), until=START + timedelta(days=1))

    assert vended.answer.token.expires_at < START + timedelta(seconds=1800)


def test_token_that_expires_while_the_provider_answers_gives_nothing(harness: Behalf) -> None:
    harness.provider.takes_seconds = 2.0
    environment = harness.environment()

    with pytest.raises(SubjectTokenError) as caught:
        harness.ask(environment, until=START + timedelta(seconds=1))

    assert caught.value.rule == "subject_token.expired"
    # And it keeps nobody from asking again.
    assert value_of(harness.ask(environment, token="next")) == "for-next"


def test_one_exchange_for_a_user_however_many_ask(harness: Behalf) -> None:
    environments = [harness.environment() for _ in range(12)]

    with ThreadPoolExecutor(12) as pool:
        made = pool.map(lambda each: value_of(harness.ask(each, token="same")), environments)

    assert set(made) == {"for-same"}
    assert harness.provider.exchanges == 1


def test_token_of_a_user_is_renewed_by_no_schedule(harness: Behalf) -> None:
    environment = harness.environment()
    harness.ask(environment)
    harness.clock.advance(timedelta(seconds=1200))
    harness.ask(environment)

    key = harness.ask(environment).decision.key
    assert harness.tokens.read(key).token is not None
    assert not harness.tokens.read(key).is_in_use


# Refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "error"),
    [
        (None, InvalidRequestError),
        (User("https://foreign.example", "ada", APP), SubjectTokenError),
        (User(STAFF, "ada", "another-api"), SubjectTokenError),
    ],
)
def test_without_a_user_of_the_grant_nobody_is_asked(
    harness: Behalf, user: User | None, error: type[TokenVendError]
) -> None:
    with pytest.raises(error):
        harness.environment().vend(BILLING, VendRequest("jobs", user=user), time_left=INVOCATION)

    assert harness.provider.requests == []


def test_credential_that_acts_for_nobody_takes_no_users_token() -> None:
    harness = Behalf(DEFINITION)

    with pytest.raises(InvalidRequestError) as caught:
        harness.ask(harness.environment())

    assert caught.value.rule == "request.subject_token"
    assert harness.provider.requests == []


def test_refusal_of_one_user_keeps_no_other_from_asking(harness: Behalf) -> None:
    environment = harness.environment()
    for status, error in ((400, {"error": "invalid_grant"}), (401, {})):
        harness.provider.unscript()
        harness.provider.script(json_response(error, status=status), *[named_for] * 5)
        with pytest.raises(ProviderRefusedError):
            harness.ask(environment, User(STAFF, f"eve-{status}", APP))

        assert value_of(harness.ask(environment, User(STAFF, f"bob-{status}", APP)))


def test_refusal_of_the_client_itself_is_everybodys(harness: Behalf) -> None:
    environment = harness.environment()
    harness.provider.unscript()
    harness.provider.script(json_response({"error": "invalid_client"}, status=401))
    with pytest.raises(ProviderRefusedError):
        harness.ask(environment, ADA)

    with pytest.raises(ProviderRefusedError):
        harness.ask(environment, BOB)

    assert harness.provider.exchanges == 1


def test_blocked_user_gets_nothing(harness: Behalf) -> None:
    harness.reader.blocked.add(f"jobs/billing/{ADA.connection_name}")

    with pytest.raises(UnauthorizedClientError):
        harness.ask(harness.environment(), ADA)

    assert value_of(harness.ask(harness.environment(), BOB))


def test_report_replaces_its_own_users_token(harness: Behalf) -> None:
    parts = harness.parts()
    vended = harness.ask(parts.vendor, ADA, token="first")
    digest = vended.answer.token.access_token.sha256
    harness.ask(parts.vendor, BOB, token="of-bob")

    parts.rejecter.reject(BILLING, Rejection(VendRequest("jobs", user=BOB), digest))
    assert value_of(harness.ask(parts.vendor, ADA)) == "for-first"
    parts.rejecter.reject(BILLING, Rejection(VendRequest("jobs", user=ADA), digest))

    assert value_of(harness.ask(parts.vendor, ADA, token="second")) == "for-second"
    assert value_of(harness.ask(parts.vendor, BOB)) == "for-of-bob"


def test_outage_of_the_tables_makes_no_token_without_a_lease(harness: Behalf) -> None:
    environment = harness.environment()
    harness.ask(environment, until=START + timedelta(seconds=120))
    harness.clock.advance(timedelta(seconds=125))
    harness.reader.fails_with = StoreAwayError("away")

    with pytest.raises(TemporarilyUnavailableError):
        harness.ask(environment)

    assert harness.provider.exchanges == 1


def test_callers_share_a_users_token_unless_they_are_isolated(harness: Behalf) -> None:
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
