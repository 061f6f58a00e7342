"""A report that an API refused a token: one exchange however many report it."""

from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.harness import BILLING, REQUEST, Harness

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import (
    InvalidClientError,
    InvalidScopeError,
    TemporarilyUnavailableError,
    TooManyRequestsError,
    UnauthorizedClientError,
)
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.request import RejectionReport, VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.ports import StoreAwayError
from tokenvend.vending.reject import RejectOutcome


def report(token: AccessToken, request: VendRequest = REQUEST) -> RejectionReport:
    return RejectionReport(request, token.access_token.sha256)


def test_one_exchange_however_many_report_it() -> None:
    harness = Harness()
    token = harness.vend(harness.environment()).answer.token

    told = [harness.parts().rejection_recorder.reject(BILLING, report(token)) for _ in range(5)]
    answers = [harness.vend(harness.environment()).answer for _ in range(5)]

    assert told == [RejectOutcome.ACCEPTED] * 5
    assert [answer.source for answer in answers] == [Source.PROVIDER, *[Source.STORE] * 4]
    assert {answer.token.access_token for answer in answers} != {token.access_token}
    assert harness.provider.exchanges == 2


def test_further_reports_of_a_token_write_nothing() -> None:
    """Many callers may report the same token at once, and a hot item would throttle them all."""
    harness = Harness()
    token = harness.vend(harness.environment()).answer.token
    harness.parts().rejection_recorder.reject(BILLING, report(token))
    written = harness.tokens.writes

    for _ in range(3):
        harness.parts().rejection_recorder.reject(BILLING, report(token))

    assert harness.tokens.writes == written


def test_a_late_report_does_not_touch_the_replacement() -> None:
    harness = Harness()
    token = harness.vend(harness.environment()).answer.token
    harness.parts().rejection_recorder.reject(BILLING, report(token))
    harness.vend(harness.environment())

    late = harness.parts().rejection_recorder.reject(BILLING, report(token))

    assert late is RejectOutcome.REPLACED
    assert harness.vend(harness.environment()).answer.source is Source.STORE


def test_who_reports_is_not_answered_the_same_token_from_memory() -> None:
    harness = Harness()
    parts = harness.parts()
    token = harness.vend(parts.vendor).answer.token

    parts.rejection_recorder.reject(BILLING, report(token))

    assert harness.vend(parts.vendor).answer.source is Source.PROVIDER


def test_another_environment_answers_it_from_memory_for_memory_seconds_at_most() -> None:
    harness = Harness()
    other = harness.environment()
    token = harness.vend(other).answer.token
    harness.parts().rejection_recorder.reject(BILLING, report(token))

    within = harness.vend(other).answer.source
    harness.clock.advance(timedelta(seconds=30))

    assert (within, harness.vend(other).answer.source) == (Source.MEMORY, Source.PROVIDER)


def test_a_report_takes_the_token_from_nobody_when_there_is_no_other() -> None:
    harness = Harness()
    token = harness.vend(harness.environment()).answer.token
    harness.parts().rejection_recorder.reject(BILLING, report(token))
    harness.provider.script(json_response({}, status=500))

    vended = harness.vend(harness.environment())

    assert vended.answer.token.access_token == token.access_token
    assert isinstance(vended.failed, TemporarilyUnavailableError)


def test_it_is_honoured_only_for_what_the_caller_may_have() -> None:
    harness = Harness()
    token = harness.vend(harness.environment()).answer.token
    stranger = Proof(EntryPoint.IAM, "iam:111122223333:role/stranger")
    rejection_recorder = harness.parts().rejection_recorder

    with pytest.raises(InvalidClientError):
        rejection_recorder.reject(stranger, report(token))
    with pytest.raises(UnauthorizedClientError):
        rejection_recorder.reject(BILLING, report(token, VendRequest("another")))
    wider = VendRequest("jobs", scopes=frozenset({"jobs_manage"}))
    with pytest.raises(InvalidScopeError):
        rejection_recorder.reject(BILLING, report(token, wider))

    assert harness.vend(harness.environment()).answer.source is Source.STORE
    assert harness.provider.exchanges == 1


def test_reports_do_not_drain_the_provider() -> None:
    harness = Harness()
    refusals = []
    for _ in range(100):
        token = harness.vend(harness.environment()).answer.token
        try:
            harness.parts().rejection_recorder.reject(BILLING, report(token))
        except TooManyRequestsError as error:
            refusals.append(error.rule)
        harness.clock.advance(timedelta(seconds=10))

    quarters = 100 * 10 / (token.lifetime.total_seconds() * bounds.REJECTION_AGAIN_AFTER)
    assert harness.provider.exchanges <= 2 + quarters
    assert set(refusals) == {"reject.too_soon"}


def test_one_caller_reports_only_so_often() -> None:
    harness = Harness()
    rejection_recorder = harness.parts().rejection_recorder
    for _ in range(bounds.REJECTIONS_A_MINUTE):
        rejection_recorder.reject(BILLING, RejectionReport(REQUEST, "a" * 64))

    with pytest.raises(TooManyRequestsError) as caught:
        rejection_recorder.reject(BILLING, RejectionReport(REQUEST, "a" * 64))

    assert caught.value.caller == "billing"


def test_tables_that_are_away_are_said() -> None:
    harness = Harness()
    harness.reader.fails_with = StoreAwayError("away")

    with pytest.raises(TemporarilyUnavailableError):
        harness.parts().rejection_recorder.reject(BILLING, RejectionReport(REQUEST, "a" * 64))


def test_reports_of_an_unknown_client_cost_one_read() -> None:
    harness = Harness()
    token = harness.vend(harness.environment()).answer.token
    nobody = Proof(EntryPoint.OAUTH2, "client:nobody", client_secret=Secret("guess"))
    rejection_recorder = harness.parts().rejection_recorder
    harness.reader.lookups.clear()

    for _ in range(5):
        with pytest.raises(InvalidClientError):
            rejection_recorder.reject(nobody, report(token))

    assert len(harness.reader.lookups) == 1
