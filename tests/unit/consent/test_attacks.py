"""Attacks on the callback fail, each by the rule that is there for it."""

from dataclasses import replace

import pytest
from tests.unit.consent.attacking import harness
from tests.unit.consent.harness import (
    DEFINITION,
    ISSUER,
    RETURN_URL,
    TIME_LEFT,
    Harness,
)

from tokenvend.consent.flow_steps import ConsentFlowEndedError, FlowEndReason
from tokenvend.domain.errors import (
    ProviderRefusedError,
)
from tokenvend.domain.secret import Secret

__all__ = ["harness"]


def requiring_iss(harness: Harness) -> None:
    assert DEFINITION.authorization is not None
    announced = replace(DEFINITION.authorization, requires_iss=True)
    harness.define(replace(DEFINITION, authorization=announced))


def test_a_stolen_state_is_of_no_use_in_another_browser_and_ends_nothing(harness: Harness) -> None:
    redirect, other = harness.depart(), harness.depart(connection="bob")
    harness.consent()

    for browser in (other.browser, Secret("x" * 43)):
        with pytest.raises(ConsentFlowEndedError) as ended:
            harness.come_back(redirect, browser=browser)
        assert ended.value.reason is FlowEndReason.ANOTHER_BROWSER

    assert harness.provider.requests == []
    assert harness.come_back(redirect).url.startswith(RETURN_URL)


def test_a_browser_without_a_cookie_is_another_one(harness: Harness) -> None:
    redirect = harness.depart()
    query = {"state": [redirect.state.reveal()], "code": ["code-1"]}

    with pytest.raises(ConsentFlowEndedError) as ended:
        harness.pages.come_back("hiring", query, None, time_left=TIME_LEFT)

    assert ended.value.reason is FlowEndReason.ANOTHER_BROWSER


def test_a_replayed_callback_is_not_exchanged_again(harness: Harness) -> None:
    redirect = harness.depart()
    harness.consent()
    harness.come_back(redirect)

    with pytest.raises(ConsentFlowEndedError) as ended:
        harness.come_back(redirect)

    assert ended.value.reason is FlowEndReason.STATE_OVER
    assert len(harness.provider.requests) == 1


def test_a_callback_at_another_credentials_address_is_refused(harness: Harness) -> None:
    redirect = harness.depart()
    query = {"state": [redirect.state.reveal()], "code": ["code-1"]}

    with pytest.raises(ConsentFlowEndedError) as ended:
        harness.pages.come_back("another", query, redirect.browser, time_left=TIME_LEFT)

    assert ended.value.reason is FlowEndReason.ANOTHER_CREDENTIAL


@pytest.mark.parametrize("state", ["", "made-up", None], ids=str)
def test_a_state_that_nobody_gave_out_is_refused(harness: Harness, state: str | None) -> None:
    query = {"code": ["code-1"]} | ({} if state is None else {"state": [state]})

    with pytest.raises(ConsentFlowEndedError) as ended:
        harness.pages.come_back("hiring", query, Secret("x"), time_left=TIME_LEFT)

    assert ended.value.reason is FlowEndReason.STATE_OVER


def test_a_link_is_no_state_and_a_state_is_no_link(harness: Harness) -> None:
    link, redirect = harness.start(), harness.depart()
    query = {"state": [link.reveal()], "code": ["code-1"]}

    with pytest.raises(ConsentFlowEndedError) as as_state:
        harness.pages.come_back("hiring", query, redirect.browser, time_left=TIME_LEFT)
    with pytest.raises(ConsentFlowEndedError) as as_link:
        harness.pages.proceed(redirect.state)

    assert (as_state.value.reason, as_link.value.reason) == (
        FlowEndReason.STATE_OVER,
        FlowEndReason.LINK_OVER,
    )


@pytest.mark.parametrize(
    ("iss", "announced", "accepted"),
    [
        pytest.param(ISSUER, True, True, id="right, announced"),
        pytest.param(None, True, False, id="missing where announced"),
        pytest.param("https://evil.example", True, False, id="wrong, announced"),
        pytest.param(ISSUER + "/", True, False, id="compared exactly"),
        pytest.param("\ud800", True, False, id="half a character"),
        pytest.param(None, False, True, id="missing, not announced"),
        pytest.param(ISSUER, False, True, id="right, not announced"),
        pytest.param("https://evil.example", False, False, id="wrong, though not announced"),
    ],
)
@pytest.mark.parametrize("error", [None, "access_denied"])
def test_iss_must_be_the_providers(
    harness: Harness, iss: str | None, error: str | None, *, announced: bool, accepted: bool
) -> None:
    if announced:
        requiring_iss(harness)
    redirect = harness.depart()
    harness.consent()
    query = {"iss": iss, "error": error}
    sent = {name: value for name, value in query.items() if value is not None}

    if accepted:
        assert harness.come_back(redirect, sent).denied == (error is not None)
        return
    with pytest.raises(ProviderRefusedError) as refused:
        harness.come_back(redirect, sent)

    assert refused.value.provider_error == "wrong_issuer"
    assert harness.provider.requests == []


def test_a_parameter_that_repeats_is_refused(harness: Harness) -> None:
    redirect = harness.depart()
    query = {"state": [redirect.state.reveal()], "code": ["code-1", "code-2"]}

    with pytest.raises(ProviderRefusedError) as refused:
        harness.pages.come_back("hiring", query, redirect.browser, time_left=TIME_LEFT)

    assert refused.value.provider_error == "repeated_parameter"
