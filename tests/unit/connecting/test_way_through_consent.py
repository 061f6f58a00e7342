"""A user's way: how long each step lasts, what the page knows, and two who take it at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.unit.connecting.world import RETURN_URL, World

from tokenvend.connecting.steps import ConsentEndedError, WhyNot
from tokenvend.domain import bounds
from tokenvend.domain.consent import ConsentSession
from tokenvend.domain.secret import Secret

MINUTE = timedelta(minutes=1)


def ended(step: Callable[[], object]) -> WhyNot:
    with pytest.raises(ConsentEndedError) as caught:
        step()
    return caught.value.reason


def taken_before(ticket: Secret) -> ConsentSession | None:
    """What the second of two gets who take *ticket* at once."""
    assert ticket.reveal()
    return None


def test_the_time_at_the_provider_begins_when_the_user_goes_there() -> None:
    world = World()
    link = world.start()
    world.clock.advance(bounds.CONNECT_LINK - MINUTE)

    departure = world.pages.proceed(link)

    assert departure.session.expires_at == world.clock.now() + bounds.CONSENT_AT_PROVIDER
    world.clock.advance(bounds.CONSENT_AT_PROVIDER - MINUTE)
    world.consent()
    assert world.come_back(departure).url.startswith(RETURN_URL)


def test_each_step_knows_who_asks_for_what() -> None:
    world = World()
    link = world.start()
    asking = world.pages.show(link)

    departure = world.pages.proceed(link)
    world.consent(scope="jobs_read")
    returned = world.come_back(departure)

    assert (asking.application, asking.provider) == ("Shop", "Hiring")
    assert departure.asking == asking
    assert departure.lasts == bounds.CONSENT_AT_PROVIDER
    assert returned.asking.application == "Shop"
    assert returned.token_scopes == frozenset({"jobs_read"})
    assert not returned.denied


def test_a_user_who_said_no_is_told_by_whom_it_was_asked() -> None:
    world = World()

    returned = world.come_back(world.depart(), {"error": "access_denied"})

    assert returned.denied
    assert returned.asking.application == "Shop"
    assert returned.token_scopes == frozenset()


def test_of_two_who_press_continue_at_once_one_goes_on() -> None:
    world = World()
    link = world.start()
    world.sessions.take = taken_before  # type: ignore[method-assign]

    assert ended(lambda: world.pages.proceed(link)) is WhyNot.LINK_OVER
    assert world.provider.requests == []


def test_of_two_who_come_back_at_once_one_is_exchanged() -> None:
    world = World()
    departure = world.depart()
    world.sessions.take = taken_before  # type: ignore[method-assign]

    assert ended(lambda: world.come_back(departure)) is WhyNot.STATE_OVER
    assert world.provider.requests == []


def test_a_way_back_without_a_state_is_over() -> None:
    world = World()
    departure = world.depart()

    assert (
        ended(
            lambda: world.pages.come_back(
                "hiring", {"code": ["c"]}, departure.browser, time_left=20 * MINUTE
            )
        )
        is WhyNot.STATE_OVER
    )
