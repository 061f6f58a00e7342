"""A user's way: how long each step lasts, what the page knows, and two who take it at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.unit.consent.harness import RETURN_URL, Harness

from tokenvend.consent.flow_steps import ConsentFlowEndedError, FlowEndReason
from tokenvend.domain import bounds
from tokenvend.domain.consent import ConsentSession
from tokenvend.domain.secret import Secret

MINUTE = timedelta(minutes=1)


def ended(step: Callable[[], object]) -> FlowEndReason:
    with pytest.raises(ConsentFlowEndedError) as caught:
        step()
    return caught.value.reason


def taken_before(ticket: Secret) -> ConsentSession | None:
    """What the second of two gets who take *ticket* at once."""
    assert ticket.reveal()
    return None


def test_the_time_at_the_provider_begins_when_the_user_goes_there() -> None:
    harness = Harness()
    link = harness.start()
    harness.clock.advance(bounds.CONNECT_LINK - MINUTE)

    redirect = harness.pages.proceed(link)

    assert redirect.session.expires_at == harness.clock.now() + bounds.CONSENT_AT_PROVIDER
    harness.clock.advance(bounds.CONSENT_AT_PROVIDER - MINUTE)
    harness.consent()
    assert harness.come_back(redirect).url.startswith(RETURN_URL)


def test_each_step_knows_who_asks_for_what() -> None:
    harness = Harness()
    link = harness.start()
    prompt = harness.pages.show(link)

    redirect = harness.pages.proceed(link)
    harness.consent(scope="jobs_read")
    returned = harness.come_back(redirect)

    assert (prompt.application, prompt.provider) == ("Shop", "Hiring")
    assert redirect.prompt == prompt
    assert redirect.lasts == bounds.CONSENT_AT_PROVIDER
    assert returned.prompt.application == "Shop"
    assert returned.token_scopes == frozenset({"jobs_read"})
    assert not returned.denied


def test_a_user_who_said_no_is_told_by_whom_it_was_asked() -> None:
    harness = Harness()

    returned = harness.come_back(harness.depart(), {"error": "access_denied"})

    assert returned.denied
    assert returned.prompt.application == "Shop"
    assert returned.token_scopes == frozenset()


def test_of_two_who_press_continue_at_once_one_goes_on() -> None:
    harness = Harness()
    link = harness.start()
    harness.sessions.take = taken_before  # type: ignore[method-assign]

    assert ended(lambda: harness.pages.proceed(link)) is FlowEndReason.LINK_OVER
    assert harness.provider.requests == []


def test_of_two_who_come_back_at_once_one_is_exchanged() -> None:
    harness = Harness()
    redirect = harness.depart()
    harness.sessions.take = taken_before  # type: ignore[method-assign]

    assert ended(lambda: harness.come_back(redirect)) is FlowEndReason.STATE_OVER
    assert harness.provider.requests == []


def test_a_way_back_without_a_state_is_over() -> None:
    harness = Harness()
    redirect = harness.depart()

    assert (
        ended(
            lambda: harness.pages.come_back(
                "hiring", {"code": ["c"]}, redirect.browser, time_left=20 * MINUTE
            )
        )
        is FlowEndReason.STATE_OVER
    )
