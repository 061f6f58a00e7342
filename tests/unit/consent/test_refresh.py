"""Refreshing through the journal, with a crash or a time-out at every step."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.connection_store import InMemoryConnectionStore
from tests.fakes.provider import json_response
from tests.fakes.rotating_provider import Fault, RotatingProvider
from tests.unit.consent.refreshing import CONSENT, DEFINITION, KEY, Refreshing

from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, ConnectionStatus, Redemption
from tokenvend.domain.errors import (
    CONNECTION_BUSY,
    ConsentRequiredError,
    CredentialNotReadyError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.journal import Successor
from tokenvend.domain.oauth.token_request import ParametersIn, ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.secret import Secret
from tokenvend.ports import StoreAwayError, StoreResult
from tokenvend.refresh_tokens.connection_events import ConnectionEventType

UNTIL_DEAD = timedelta(seconds=20) + bounds.CLOCK_SKEW


class Crash(BaseException):
    """The environment ends here."""


class DyingStore(InMemoryConnectionStore):
    """A table whose caller dies before or after one of its writes."""

    def __init__(self) -> None:
        super().__init__()
        self.deadline: str | None = None

    def begin_redemption(self, before: Connection, redemption: Redemption) -> Connection | None:
        self._die("before begin")
        begun = super().begin_redemption(before, redemption)
        self._die("after begin")
        return begun

    def finish_redemption(self, redeemed: Connection, successor: Successor) -> StoreResult:
        self._die("before finish")
        kept = super().finish_redemption(redeemed, successor)
        self._die("after finish")
        return kept

    def _die(self, where: str) -> None:
        if self.deadline == where:
            self.deadline = None
            raise Crash


def crashing(harness: Refreshing, where: str) -> None:
    """One environment that dies at *where*."""
    store = DyingStore()
    store._items = harness.connections._items
    harness.connections = store
    if where == "in the request":
        harness.rotating.interrupt = _crash
    store.deadline = where
    with pytest.raises(Crash):
        harness.refresh()
    harness.rotating.interrupt = None


def _crash() -> None:
    raise Crash


def test_a_refresh_keeps_the_successor_before_it_answers() -> None:
    harness = Refreshing()

    token = harness.refresh()

    assert token.access_token == Secret("access-1")
    assert harness.refresh_token == "refresh-2"
    assert (harness.connection.number, harness.connection.redemption) == (2, None)


def test_the_journal_stands_before_the_token_is_sent() -> None:
    harness = Refreshing()
    seen: list[Redemption | None] = []
    harness.rotating.interrupt = lambda: seen.append(harness.connection.redemption)

    harness.refresh()

    assert seen[0] is not None
    assert seen[0].number == 1
    assert seen[0].deadline_at == harness.clock.now() + timedelta(seconds=20)


def test_the_refresh_token_lives_its_whole_life_anew() -> None:
    harness = Refreshing()
    harness.clock.advance(timedelta(days=20))

    harness.refresh()

    consent = harness.connection.consent
    assert consent is not None
    assert consent.refresh_expires_at == harness.clock.now() + timedelta(days=28)


def test_a_provider_that_says_how_long_its_refresh_token_lives_is_believed() -> None:
    harness = Refreshing()
    harness.provider = Answers({"refresh_token_expires_in": 3600})  # type: ignore[assignment]

    harness.refresh()

    consent = harness.connection.consent
    assert consent is not None
    assert consent.refresh_expires_at == harness.clock.now() + timedelta(hours=1)


def test_a_provider_that_does_not_rotate_keeps_its_token() -> None:
    harness = Refreshing(provider=RotatingProvider(rotates=False))

    harness.refresh()
    harness.refresh()

    assert harness.refresh_token == "refresh-1"
    assert harness.connection.number == 3


@pytest.mark.parametrize(
    ("where", "redeemed", "newest"),
    [
        pytest.param("before begin", ["refresh-1"], 2, id="before the journal is written"),
        pytest.param("after begin", ["refresh-1"], 2, id="before the token is sent"),
        pytest.param("after finish", ["refresh-1", "refresh-2"], 3, id="before it answers"),
    ],
)
def test_a_crash_before_the_token_is_sent_or_after_its_successor_is_kept_costs_nothing(
    where: str, redeemed: list[str], newest: int
) -> None:
    harness = Refreshing()
    crashing(harness, where)
    harness.clock.advance(UNTIL_DEAD)

    harness.refresh()

    assert harness.rotating.redeemed == redeemed
    assert harness.refresh_token == f"refresh-{newest}"
    assert harness.events == []


@pytest.mark.parametrize("where", ["in the request", "before finish"])
def test_accepted_and_never_heard_is_recovered_by_the_one_retry_where_there_is_grace(
    where: str,
) -> None:
    harness = Refreshing(provider=RotatingProvider(has_grace=True))
    crashing(harness, where)
    harness.clock.advance(UNTIL_DEAD)

    harness.refresh()

    assert harness.rotating.redeemed == ["refresh-1", "refresh-1"]
    assert harness.refresh_token == "refresh-2"
    assert harness.events == []


@pytest.mark.parametrize("where", ["in the request", "before finish"])
def test_accepted_and_never_heard_is_one_lost_consent_and_no_loop_where_there_is_none(
    where: str,
) -> None:
    harness = Refreshing()
    crashing(harness, where)
    harness.clock.advance(UNTIL_DEAD)

    for _ in range(5):
        with pytest.raises(ConsentRequiredError):
            harness.refresh()

    assert harness.rotating.redeemed == ["refresh-1", "refresh-1"]
    assert harness.connection.status is ConnectionStatus.CONSENT_LOST
    assert harness.event_type() == [ConnectionEventType.LOST]


def test_a_retry_that_dies_too_is_the_last_one() -> None:
    harness = Refreshing(provider=RotatingProvider(has_grace=True))
    crashing(harness, "in the request")
    harness.clock.advance(UNTIL_DEAD)
    crashing(harness, "in the request")
    harness.clock.advance(UNTIL_DEAD)

    for _ in range(5):
        with pytest.raises(ConsentRequiredError):
            harness.refresh()

    assert harness.rotating.redeemed == ["refresh-1", "refresh-1"]
    assert harness.event_type() == [ConnectionEventType.LOST]


def test_a_live_holder_is_never_raced() -> None:
    harness = Refreshing()
    crashing(harness, "in the request")

    while harness.clock.now() - CONSENT.connected_at < UNTIL_DEAD - timedelta(seconds=10):
        with pytest.raises(TemporarilyUnavailableError) as caught:
            harness.refresh()
        assert caught.value.rule == CONNECTION_BUSY

    assert harness.rotating.redeemed == ["refresh-1"]


def test_who_finds_it_being_redeemed_waits_and_redeems_the_next_one() -> None:
    harness = Refreshing()
    held = Redemption(
        number=1, holder_id="x", deadline_at=harness.clock.now() + timedelta(seconds=20)
    )
    harness.connections.begin_redemption(harness.connection, held)
    refresh_request, first = harness.refresh_request(), harness.connection
    successor = Successor(
        refresh_token=Secret("refresh-2"),
        scopes=None,
        refreshed_at=harness.clock.now(),
        refresh_expires_at=None,
    )
    harness.rotating.newest = 2
    waits: list[float] = []

    def pause(clock: object, seconds: float) -> None:
        del clock
        waits.append(seconds)
        if len(waits) == 3:
            harness.connections.finish_redemption(first, successor)

    harness.parts(pause=pause).refresher.refresh(refresh_request)

    assert harness.rotating.redeemed == ["refresh-2"]
    assert harness.refresh_token == "refresh-3"


def test_the_slow_holder_that_comes_back_after_another_took_over_heals_the_consent() -> None:
    """A's answer is on its way when A seems dead; B retries, is refused, and gives up; A ends."""
    harness = Refreshing()

    def another_takes_over() -> None:
        harness.rotating.interrupt = None
        harness.clock.advance(UNTIL_DEAD)
        with pytest.raises(ConsentRequiredError):
            harness.refresh()
        assert harness.connection.status is ConnectionStatus.CONSENT_LOST

    harness.rotating.interrupt = another_takes_over

    harness.refresh()

    assert harness.connection.status is ConnectionStatus.ACTIVE
    assert harness.refresh_token == "refresh-2"
    assert harness.event_type() == [ConnectionEventType.LOST]


def test_the_slow_holder_does_not_replace_what_its_taker_got() -> None:
    harness = Refreshing(provider=RotatingProvider(has_grace=True))

    def another_takes_over() -> None:
        harness.rotating.interrupt = None
        harness.clock.advance(UNTIL_DEAD)
        harness.refresh()
        harness.refresh()

    harness.rotating.interrupt = another_takes_over

    harness.refresh()

    assert harness.rotating.redeemed == ["refresh-1", "refresh-1", "refresh-2"]
    assert harness.refresh_token == "refresh-3"
    assert harness.events == []


def test_a_holder_whose_refusal_comes_late_does_not_lose_what_its_taker_keeps() -> None:
    harness = Refreshing(provider=RotatingProvider(has_grace=True))
    slow = harness.refresh_request()

    class RefusesSlowly:
        def send(self, request: ProviderRequest) -> ProviderResponse:
            del request
            harness.provider = harness.rotating  # type: ignore[assignment]
            harness.clock.advance(UNTIL_DEAD)
            harness.refresh()
            return json_response({"error": "invalid_grant"}, status=400)

    harness.provider = RefusesSlowly()  # type: ignore[assignment]
    with pytest.raises(ConsentRequiredError):
        harness.refresher().refresh(slow)

    assert harness.connection.status is ConnectionStatus.ACTIVE
    assert harness.refresh_token == "refresh-2"
    assert harness.events == []


@pytest.mark.parametrize("fault", [Fault.NOT_HEARD, Fault.BUSY])
def test_an_outage_of_the_provider_costs_no_consent(fault: Fault) -> None:
    harness = Refreshing()
    harness.rotating.faults.extend([fault] * 50)

    while harness.rotating.faults:
        with pytest.raises(TemporarilyUnavailableError):
            harness.refresh()
        harness.clock.advance(timedelta(seconds=10))
    harness.clock.advance(UNTIL_DEAD)
    harness.refresh()

    assert harness.refresh_token == "refresh-2"
    assert harness.rotating.redeemed == ["refresh-1"]
    assert harness.events == []


def test_after_a_time_out_nobody_asks_before_the_first_request_is_surely_over() -> None:
    harness = Refreshing()
    harness.rotating.faults.append(Fault.ANSWER_LOST)
    with pytest.raises(TemporarilyUnavailableError):
        harness.refresh()

    # A request waits for what comes within its own time, so it is asked up to then.
    while (left := UNTIL_DEAD - (harness.clock.now() - CONSENT.connected_at)) > timedelta(
        seconds=9
    ):
        with pytest.raises(TemporarilyUnavailableError) as caught:
            harness.refresh()
        assert len(harness.rotating.redeemed) == 1
        assert caught.value.retry_after_seconds >= left.total_seconds()
        harness.clock.advance(timedelta(seconds=7))


def test_too_many_requests_costs_the_wait_that_was_asked_for_and_no_more() -> None:
    harness = Refreshing()
    harness.rotating.faults.append(Fault.TOO_MANY)
    with pytest.raises(TemporarilyUnavailableError):
        harness.refresh()
    harness.clock.advance(timedelta(seconds=7))

    harness.refresh()

    assert harness.rotating.redeemed == ["refresh-1"]
    assert harness.refresh_token == "refresh-2"


def test_an_answer_that_is_none_is_no_word_on_the_token() -> None:
    harness = Refreshing(provider=RotatingProvider(has_grace=True))
    harness.rotating.faults.append(Fault.GARBLED)
    with pytest.raises(ProviderRefusedError):
        harness.refresh()
    harness.clock.advance(UNTIL_DEAD)

    harness.refresh()

    assert harness.refresh_token == "refresh-2"
    assert harness.events == []


class Answers:
    """A provider that adds to, or replaces, what a good one says."""

    def __init__(self, changes: dict[str, object], *, status: int = 200) -> None:
        self._changes = changes
        self._status = status
        self.sent: list[ProviderRequest] = []

    def send(self, request: ProviderRequest) -> ProviderResponse:
        self.sent.append(request)
        fields: dict[str, object] = {
            "access_token": "access-1",
            "token_type": "Bearer",
            "expires_in": 1800,
            "refresh_token": "refresh-2",
        }
        if self._status != 200:
            fields = {}
        return json_response(fields | self._changes, status=self._status)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"token_type": "DPoP"}, id="bound to a key"),
        pytest.param({"expires_in": 0}, id="expired already"),
        pytest.param({"access_token": ""}, id="empty"),
        pytest.param({"scope": "jobs_read everything"}, id="wider than the consent"),
    ],
)
def test_the_successor_is_kept_although_the_access_token_cannot_be_used(
    changes: dict[str, object],
) -> None:
    harness = Refreshing()
    harness.provider = Answers(changes)  # type: ignore[assignment]

    with pytest.raises(ProviderRefusedError):
        harness.refresh()

    assert harness.refresh_token == "refresh-2"
    assert harness.connection.redemption is None


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, "invalid_grant"),
        (400, "invalid_token"),
        (401, "invalid_grant"),
        (200, "invalid_grant"),
    ],
)
def test_a_token_that_is_refused_is_one_lost_consent(status: int, error: str) -> None:
    harness = Refreshing()
    harness.provider = Answers({"error": error}, status=status)  # type: ignore[assignment]

    for _ in range(3):
        with pytest.raises(ConsentRequiredError):
            harness.refresh()

    assert harness.connection.status is ConnectionStatus.CONSENT_LOST
    assert [(event.event_type, event.key, event.reason) for event in harness.events] == [
        (ConnectionEventType.LOST, KEY, "refused")
    ]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, "invalid_client"),
        (400, "unauthorized_client"),
        (400, "invalid_request"),
        (400, "invalid_scope"),
        (403, None),
        (404, None),
    ],
)
def test_a_refusal_of_something_else_leaves_the_token_alone(status: int, error: str | None) -> None:
    harness = Refreshing()
    changes: dict[str, object] = {"error": error} if error else {}
    harness.provider = Answers(changes, status=status)  # type: ignore[assignment]
    with pytest.raises(ProviderRefusedError):
        harness.refresh()
    harness.provider = harness.rotating  # type: ignore[assignment]
    harness.clock.advance(timedelta(seconds=1))

    harness.refresh()

    assert harness.refresh_token == "refresh-2"
    assert harness.events == []


def test_a_missing_secret_leaves_the_token_alone() -> None:
    harness = Refreshing()
    secret = harness.secrets.secrets.pop(("jobs", None))
    with pytest.raises(CredentialNotReadyError):
        harness.refresh()
    harness.secrets.secrets["jobs", None] = secret
    harness.clock.advance(timedelta(seconds=1))

    harness.refresh()

    assert harness.rotating.redeemed == ["refresh-1"]


def test_the_token_goes_only_where_the_secret_may() -> None:
    harness = Refreshing(
        definition=replace(DEFINITION, token_endpoint="https://elsewhere.example/token")
    )

    with pytest.raises(CredentialNotReadyError):
        harness.refresh()

    assert harness.rotating.requests == []


def test_no_refresh_starts_while_the_table_is_away() -> None:
    harness = Refreshing()
    harness.connections.is_away = True

    with pytest.raises(TemporarilyUnavailableError):
        harness.refresh()

    assert harness.rotating.requests == []


def test_a_table_that_goes_away_meanwhile_is_tried_until_the_invocation_ends() -> None:
    harness = Refreshing()
    tries: list[float] = []

    def pause(_: object, seconds: float) -> None:
        tries.append(seconds)
        harness.clock.advance(timedelta(seconds=seconds))
        if len(tries) == 20:
            harness.connections.is_away = False

    harness.rotating.interrupt = lambda: setattr(harness.connections, "is_away", True)

    harness.parts(pause=pause).refresher.refresh(harness.refresh_request())

    assert harness.refresh_token == "refresh-2"
    assert harness.events == []


def test_a_successor_that_cannot_be_kept_is_told_and_not_answered() -> None:
    harness = Refreshing()
    harness.rotating.interrupt = lambda: setattr(harness.connections, "is_away", True)

    with pytest.raises(TemporarilyUnavailableError):
        harness.refresh()

    assert harness.event_type() == [ConnectionEventType.NOT_STORED]


def test_a_throttled_write_of_the_successor_is_tried_again() -> None:
    harness = Refreshing()
    harness.rotating.interrupt = lambda: setattr(harness.connections, "is_throttled", True)

    def pause(_: object, seconds: float) -> None:
        del seconds
        harness.connections.is_throttled = False

    harness.parts(pause=pause).refresher.refresh(harness.refresh_request())

    assert harness.refresh_token == "refresh-2"


def test_what_comes_for_a_connection_that_was_disconnected_meanwhile_is_revoked() -> None:
    harness = Refreshing()
    harness.rotating.interrupt = lambda: (harness.connections.delete(KEY), None)[1]

    with pytest.raises(ConsentRequiredError):
        harness.refresh()

    assert harness.rotating.revoked == ["refresh-2"]
    assert harness.connections.read(KEY) is None


def test_a_successor_of_a_former_consent_is_dropped() -> None:
    harness = Refreshing()
    anew = Connection(
        key=KEY,
        consent=replace(CONSENT, consent_id="consent-2", refresh_token=Secret("refresh-of-2")),
        number=1,
    )
    harness.rotating.interrupt = lambda: harness.connections.seed(anew)

    harness.refresh()

    assert harness.connection == anew


def test_a_connection_that_was_made_anew_is_not_redeemed_for_what_was_wanted_of_the_old_one() -> (
    None
):
    harness = Refreshing()

    with pytest.raises(TemporarilyUnavailableError):
        harness.refresher().refresh(replace(harness.refresh_request(), consent_id="consent-0"))

    assert harness.rotating.requests == []


def test_no_refresh_starts_that_could_not_end_within_the_invocation() -> None:
    harness = Refreshing()

    with pytest.raises(TemporarilyUnavailableError):
        harness.refresher().refresh(harness.refresh_request(time_left=timedelta(seconds=10)))

    assert harness.rotating.requests == []
    assert harness.connection.redemption is None


def test_scopes_that_the_provider_took_away_are_remembered() -> None:
    harness = Refreshing(provider=RotatingProvider(scope="jobs_read"))

    token = harness.refresh()

    assert token.scopes == frozenset({"jobs_read"})
    assert harness.connection.consent is not None
    assert harness.connection.consent.scopes == frozenset({"jobs_read"})


def test_a_token_with_fewer_scopes_narrows_nothing_for_the_next() -> None:
    harness = Refreshing()

    harness.refresher().refresh(harness.refresh_request(requested_scopes=frozenset({"jobs_read"})))

    assert harness.rotating.requests[-1].form["scope"] == "jobs_read"
    assert harness.connection.consent is not None
    assert harness.connection.consent.scopes == CONSENT.scopes


def test_the_refresh_is_asked_as_the_definition_describes_it() -> None:
    described = {"parameters_in": "json", "query": {"v": "2"}, "parameters": {"app": "shop"}}
    harness = Refreshing(definition=replace(DEFINITION, token_request=described))

    harness.refresh()

    request = harness.rotating.requests[-1]
    assert (request.parameters_in, request.query) == (ParametersIn.JSON, {"v": "2"})
    assert (request.form["grant_type"], request.form["app"]) == ("refresh_token", "shop")


def test_a_description_that_cannot_be_followed_costs_no_refresh_token() -> None:
    described = {"headers": {"X-Key": "{secret.key}"}}
    harness = Refreshing(definition=replace(DEFINITION, token_request=described))

    with pytest.raises(CredentialNotReadyError, match="has no field key"):
        harness.refresh()

    assert harness.rotating.requests == []
    assert harness.refresh_token == "refresh-1"
    assert harness.connection.status is ConnectionStatus.ACTIVE


def test_a_store_that_fails_to_give_back_leaves_the_journal_to_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    harness = Refreshing()
    harness.rotating.faults.append(Fault.TOO_MANY)
    release_redemption: Callable[..., None] = harness.connections.release_redemption

    def away(*_: object, **__: object) -> None:
        raise StoreAwayError("away")

    monkeypatch.setattr(harness.connections, "release_redemption", away)
    with pytest.raises(TemporarilyUnavailableError):
        harness.refresh()
    monkeypatch.setattr(harness.connections, "release_redemption", release_redemption)
    harness.clock.advance(UNTIL_DEAD)

    harness.refresh()

    assert harness.refresh_token == "refresh-2"
