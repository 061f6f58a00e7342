"""What each answer to a refresh says of the refresh token (RFC 6749 §6)."""

from dataclasses import replace

import pytest
from tests.fakes.clock import START
from tests.fakes.provider import json_response
from tests.unit.consent.refreshing import CONSENT, DEFINITION

from tokenvend.domain.errors import (
    CONNECTION_BUSY,
    PROVIDER_AWAY,
    ConsentRequiredError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.oauth.refresh import (
    Refreshed,
    RefreshVerdict,
    SentRefreshToken,
    judge_refresh,
)
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.secret import Secret

READ = frozenset({"jobs_read"})
REDEEMED = SentRefreshToken(
    definition=DEFINITION,
    consent=CONSENT,
    requested_scopes=None,
    requested_at=START,
    secret_generation="v7",
)
SECRET = ProviderSecret("our-client", Secret("our-secret"), "login.acme.example")
TOKEN = {"access_token": "a-1", "token_type": "Bearer", "expires_in": 1800}
DESCRIBED = replace(DEFINITION, token_answer={"error": "fault.code", "success": "ok"})


def judged(
    answer: object, *, status: int = 200, redeemed: SentRefreshToken = REDEEMED
) -> Refreshed:
    return judge_refresh(json_response(answer, status=status), redeemed)


def test_the_token_is_of_the_secret_generation_of_the_secret_that_was_sent() -> None:
    token = judged(TOKEN).token

    assert token is not None
    assert (token.secret_generation, token.requested_at) == ("v7", START)
    assert token.scopes == CONSENT.scopes


def test_a_token_carries_what_was_asked_for_where_the_answer_does_not_say() -> None:
    token = judged(TOKEN, redeemed=replace(REDEEMED, requested_scopes=READ)).token

    assert token is not None
    assert token.scopes == READ


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_token"])
@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_refresh_token_that_the_provider_refuses_is_over_and_the_user_is_asked(
    error: str, status: int
) -> None:
    refused = judged({"error": error}, status=status)

    assert refused.verdict is RefreshVerdict.REFUSED
    assert isinstance(refused.error, ConsentRequiredError)
    assert refused.error.rule == "connection.lost"


@pytest.mark.parametrize(
    ("answer", "status", "provider_error"),
    [
        ({"error": "invalid_client"}, 401, "invalid_client"),
        ({}, 404, "http_404"),
        ({"error": "invalid_scope"}, 400, "invalid_scope"),
        ({"error": "invalid_scope"}, 200, "invalid_scope"),
        ({"error": {"code": 7}}, 200, "malformed_error"),
    ],
)
def test_another_refusal_leaves_the_refresh_token_as_it_was(
    answer: object, status: int, provider_error: str
) -> None:
    refused = judged(answer, status=status)

    assert refused.verdict is RefreshVerdict.NOT_REDEEMED
    assert isinstance(refused.error, ProviderRefusedError)
    assert refused.error.provider_error == provider_error


def test_an_answer_that_does_not_say_it_succeeded_leaves_the_refresh_token_as_it_was() -> None:
    refused = judged({**TOKEN, "ok": False}, redeemed=replace(REDEEMED, definition=DESCRIBED))

    assert refused.verdict is RefreshVerdict.NOT_REDEEMED
    assert isinstance(refused.error, ProviderRefusedError)
    assert refused.error.provider_error == "unsuccessful_answer"


@pytest.mark.parametrize(
    ("status", "verdict", "rule"),
    [
        (429, RefreshVerdict.NOT_REDEEMED, "provider.rate"),
        (500, RefreshVerdict.UNKNOWN, PROVIDER_AWAY),
        (503, RefreshVerdict.UNKNOWN, PROVIDER_AWAY),
    ],
)
def test_only_a_provider_that_had_no_time_surely_kept_the_refresh_token(
    status: int, verdict: RefreshVerdict, rule: str
) -> None:
    refused = judged({}, status=status)

    assert refused.verdict is verdict
    assert isinstance(refused.error, TemporarilyUnavailableError)
    assert refused.error.rule == rule


@pytest.mark.parametrize("status", [204, 301, 399])
def test_an_answer_that_is_no_word_of_a_provider_leaves_open_what_became_of_it(
    status: int,
) -> None:
    assert judged({}, status=status).verdict is RefreshVerdict.UNKNOWN


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(ProviderResponse(200, "text/html", b"<html>welcome</html>"), id="a page"),
        pytest.param(json_response({"ok": True}), id="no token of either kind"),
    ],
)
def test_an_answer_without_any_token_leaves_open_what_became_of_it(
    response: ProviderResponse,
) -> None:
    judgement = judge_refresh(response, REDEEMED)

    assert (judgement.verdict, judgement.successor) == (RefreshVerdict.UNKNOWN, None)
    assert isinstance(judgement.error, ProviderRefusedError)


@pytest.mark.parametrize(
    ("answer", "successor"),
    [
        pytest.param({"refresh_token": "r-2"}, Secret("r-2"), id="no access token"),
        pytest.param({**TOKEN, "token_type": "mac"}, None, id="one of another type, alone"),
        pytest.param(
            {**TOKEN, "token_type": "mac", "refresh_token": "r-2"}, Secret("r-2"), id="of both"
        ),
    ],
)
def test_the_successor_is_kept_although_the_access_token_cannot_be_used(
    answer: object, successor: Secret | None
) -> None:
    judgement = judged(answer)

    assert judgement.verdict is RefreshVerdict.REDEEMED
    assert judgement.successor is not None
    assert judgement.successor.refresh_token == successor
    assert isinstance(judgement.error, ProviderRefusedError)
    assert judgement.token is None


@pytest.mark.parametrize("requested_scopes", [None, READ])
def test_a_token_with_more_scopes_than_were_asked_for_is_not_used(
    requested_scopes: frozenset[str] | None,
) -> None:
    carried = "jobs_read jobs_manage" if requested_scopes else "jobs_read jobs_manage admin"

    judgement = judged(
        {**TOKEN, "scope": carried}, redeemed=replace(REDEEMED, requested_scopes=requested_scopes)
    )

    assert (judgement.verdict, judgement.token) == (RefreshVerdict.REDEEMED, None)
    assert isinstance(judgement.error, ProviderRefusedError)
    assert judgement.error.provider_error == "scope_widened"
    assert judgement.error.description == (
        "The provider gave a token with more scopes than requested, so it was not used."
    )


def test_scopes_that_the_provider_gives_back_are_kept_and_the_caller_asks_again() -> None:
    """For the request was decided when the connection had fewer of them."""
    withheld = replace(CONSENT, scopes=READ, agreed_scopes=CONSENT.scopes)

    judgement = judged(
        {**TOKEN, "scope": "jobs_read jobs_manage", "refresh_token": "r-2"},
        redeemed=replace(REDEEMED, consent=withheld),
    )

    assert (judgement.verdict, judgement.token) == (RefreshVerdict.REDEEMED, None)
    assert judgement.successor is not None
    assert judgement.successor.refresh_token == Secret("r-2")
    assert judgement.successor.scopes == CONSENT.scopes
    assert isinstance(judgement.error, TemporarilyUnavailableError)
    assert (judgement.error.rule, judgement.error.retry_after_seconds) == (CONNECTION_BUSY, 1)
    assert judgement.error.description == (
        "The provider gave back scopes that it had withheld; ask again."
    )


@pytest.mark.parametrize(
    ("consented", "requested_scopes", "told", "kept"),
    [
        pytest.param({"a", "b"}, None, "a", {"a"}, id="one was taken away"),
        pytest.param({"a", "b"}, None, "a b c", {"a", "b"}, id="one was added, not by the user"),
        pytest.param(set(), None, "a", {"a"}, id="none was known before"),
        pytest.param({"a", "b"}, {"a"}, "a", None, id="fewer were asked for"),
    ],
)
def test_a_consent_shrinks_by_what_the_provider_says_and_never_grows(
    consented: set[str], requested_scopes: set[str] | None, told: str, kept: set[str] | None
) -> None:
    consent = replace(CONSENT, scopes=frozenset(consented))
    redeemed = replace(
        REDEEMED,
        consent=consent,
        requested_scopes=frozenset(requested_scopes) if requested_scopes else None,
    )

    successor = judged({**TOKEN, "scope": told}, redeemed=redeemed).successor

    assert successor is not None
    assert successor.scopes == (None if kept is None else frozenset(kept))
    assert successor.refreshed_at == START
