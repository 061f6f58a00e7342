"""A report of a refused token: who may make one, when it is too soon, and what is read for it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.vending.harness import BILLING, DEFINITION, GRANT, REQUEST, Harness

from tokenvend.domain import bounds
from tokenvend.domain.errors import InvalidClientError, TooManyRequestsError
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import ALL_TENANTS, Caller
from tokenvend.domain.request import RejectionReport
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.vending.reject import RejectOutcome

CLIENT = Proof(EntryPoint.OAUTH2, "client:shop", client_secret=Secret("tv_good"))
INSTANT = timedelta(microseconds=1)


def with_client(harness: Harness) -> Harness:
    """*harness*, in which the client may have what billing may."""
    harness.reader.callers[CLIENT.identity] = Caller(name="shop")
    harness.reader.grants[CLIENT.identity, "jobs"] = replace(GRANT, caller="shop")
    harness.reader.client_secret_hashes[CLIENT.identity] = (Secret("tv_good").sha256,)
    return harness


def report(token: AccessToken) -> RejectionReport:
    return RejectionReport(REQUEST, token.access_token.sha256)


def replacement(harness: Harness) -> AccessToken:
    """A token that was made because the one before it was rejected."""
    first = harness.vend(harness.environment()).answer.token
    harness.parts().rejection_recorder.reject(BILLING, report(first))
    token = harness.vend(harness.environment()).answer.token
    assert token.forced
    return token


def reported_at(harness: Harness, token: AccessToken, age: timedelta) -> RejectOutcome:
    harness.clock.set_wall(token.requested_at + age)
    return harness.parts().rejection_recorder.reject(BILLING, report(token))


def test_a_known_client_reports_again_and_again() -> None:
    harness = with_client(Harness())
    token = harness.vend(harness.environment()).answer.token
    rejection_recorder = harness.parts().rejection_recorder

    told = [rejection_recorder.reject(CLIENT, report(token)) for _ in range(3)]

    assert told == [RejectOutcome.ACCEPTED] * 3


def test_a_client_that_was_nobody_is_so_for_the_time_that_is_remembered() -> None:
    harness = Harness()
    token = harness.vend(harness.environment()).answer.token
    rejection_recorder = harness.parts().rejection_recorder
    with pytest.raises(InvalidClientError):
        rejection_recorder.reject(CLIENT, report(token))
    with_client(harness)

    with pytest.raises(InvalidClientError) as caught:
        rejection_recorder.reject(CLIENT, report(token))
    harness.clock.advance(bounds.UNKNOWN_CLIENT_REMEMBERED)

    assert caught.value.rule == Rule.CALLER_KNOWN
    assert rejection_recorder.reject(CLIENT, report(token)) is RejectOutcome.ACCEPTED


def test_a_signer_that_was_nobody_is_known_as_soon_as_it_is() -> None:
    """Nobody can make up signatures, so there is no flood of them to be spared."""
    harness = Harness()
    token = harness.vend(harness.environment()).answer.token
    signer = replace(BILLING, identity="iam:111122223333:role/new")
    rejection_recorder = harness.parts().rejection_recorder
    with pytest.raises(InvalidClientError):
        rejection_recorder.reject(signer, report(token))
    harness.reader.callers[signer.identity] = Caller(name="billing")
    harness.reader.grants[signer.identity, "jobs"] = GRANT

    assert rejection_recorder.reject(signer, report(token)) is RejectOutcome.ACCEPTED


def test_a_report_is_decided_by_what_a_request_for_the_token_would_read() -> None:
    family = replace(DEFINITION, family=True)
    harness = Harness(definition=family, grant=replace(GRANT, tenants=ALL_TENANTS))
    secret = ProviderSecret("our-client", Secret("our-secret"), "login.acme.example")
    harness.secrets.secrets["jobs", "acme"] = secret
    request = replace(REQUEST, tenant="acme")
    token = harness.vend(harness.environment(), request).answer.token

    harness.parts().rejection_recorder.reject(
        BILLING, RejectionReport(request, token.access_token.sha256)
    )

    vend, reported = harness.reader.lookups
    assert reported == vend
    assert reported.tenant == "acme"


def test_a_replacement_is_rejected_after_a_quarter_of_its_life_and_no_sooner() -> None:
    harness = Harness()
    token = replacement(harness)
    quarter = token.lifetime * bounds.REJECTION_AGAIN_AFTER

    with pytest.raises(TooManyRequestsError):
        reported_at(harness, token, quarter - INSTANT)

    assert reported_at(harness, token, quarter) is RejectOutcome.ACCEPTED


@pytest.mark.parametrize(("before", "seconds"), [(342.5, 343), (1.5, 2), (0.5, 2)])
def test_who_reports_too_soon_is_told_when_to_come_back(before: float, seconds: int) -> None:
    harness = Harness()
    token = replacement(harness)
    quarter = token.lifetime * bounds.REJECTION_AGAIN_AFTER

    with pytest.raises(TooManyRequestsError) as caught:
        reported_at(harness, token, quarter - timedelta(seconds=before))

    assert caught.value.retry_after_seconds == seconds
    assert (caught.value.rule, caught.value.caller) == ("reject.too_soon", "billing")
    assert caught.value.description == (
        "This token has just replaced a rejected one; wait before you reject it too."
    )


def test_a_token_that_nobody_has_rejected_before_is_rejected_at_any_age() -> None:
    harness = Harness()
    token = harness.vend(harness.environment()).answer.token

    assert (
        harness.parts().rejection_recorder.reject(BILLING, report(token)) is RejectOutcome.ACCEPTED
    )
