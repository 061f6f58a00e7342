"""Refreshing through the journal, with a crash or a time-out at every step."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.connection_store import InMemoryConnectionStore
from tests.fakes.provider import json_response
from tests.fakes.rotating_provider import Fault, RotatingProvider
from tests.unit.connecting.refreshing import CONSENT, DEFINITION, KEY, Refreshing

from tokenvend.connecting.events import Happened
from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, ConnectionStatus, Spending
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
from tokenvend.ports import Kept, StoreAwayError

UNTIL_DEAD = timedelta(seconds=20) + bounds.CLOCK_SKEW


class Crash(BaseException):
    """The environment ends here."""


class DyingStore(InMemoryConnectionStore):
    """A table whose caller dies before or after one of its writes."""

    def __init__(self) -> None:
        super().__init__()
        self.dies: str | None = None

    def begin_spending(self, before: Connection, spending: Spending) -> Connection | None:
        self._die("before begin")
        begun = super().begin_spending(before, spending)
        self._die("after begin")
        return begun

    def finish_spending(self, spent: Connection, successor: Successor) -> Kept:
        self._die("before finish")
        kept = super().finish_spending(spent, successor)
        self._die("after finish")
        return kept

    def _die(self, where: str) -> None:
        if self.dies == where:
            self.dies = None
            raise Crash


def crashing(world: Refreshing, where: str) -> None:
    """One environment that dies at *where*."""
    store = DyingStore()
    store._items = world.connections._items
    world.connections = store
    if where == "in the request":
        world.rotating.interrupt = _crash
    store.dies = where
    with pytest.raises(Crash):
        world.refresh()
    world.rotating.interrupt = None


def _crash() -> None:
    raise Crash


def test_a_refresh_keeps_the_successor_before_it_answers() -> None:
    world = Refreshing()

    token = world.refresh()

    assert token.access_token == Secret("access-1")
    assert world.refresh_token == "refresh-2"
    assert (world.connection.number, world.connection.spending) == (2, None)


def test_the_journal_stands_before_the_token_is_sent() -> None:
    world = Refreshing()
    seen: list[Spending | None] = []
    world.rotating.interrupt = lambda: seen.append(world.connection.spending)

    world.refresh()

    assert seen[0] is not None
    assert seen[0].number == 1
    assert seen[0].dies_at == world.clock.now() + timedelta(seconds=20)


def test_the_refresh_token_lives_its_whole_life_anew() -> None:
    world = Refreshing()
    world.clock.advance(timedelta(days=20))

    world.refresh()

    consent = world.connection.consent
    assert consent is not None
    assert consent.refresh_expires_at == world.clock.now() + timedelta(days=28)


def test_a_provider_that_says_how_long_its_refresh_token_lives_is_believed() -> None:
    world = Refreshing()
    world.provider = Answers({"refresh_token_expires_in": 3600})  # type: ignore[assignment]

    world.refresh()

    consent = world.connection.consent
    assert consent is not None
    assert consent.refresh_expires_at == world.clock.now() + timedelta(hours=1)


def test_a_provider_that_does_not_rotate_keeps_its_token() -> None:
    world = Refreshing(provider=RotatingProvider(rotates=False))

    world.refresh()
    world.refresh()

    assert world.refresh_token == "refresh-1"
    assert world.connection.number == 3


@pytest.mark.parametrize(
    ("where", "spent", "newest"),
    [
        pytest.param("before begin", ["refresh-1"], 2, id="before the journal is written"),
        pytest.param("after begin", ["refresh-1"], 2, id="before the token is sent"),
        pytest.param("after finish", ["refresh-1", "refresh-2"], 3, id="before it answers"),
    ],
)
def test_a_crash_before_the_token_is_sent_or_after_its_successor_is_kept_costs_nothing(
    where: str, spent: list[str], newest: int
) -> None:
    world = Refreshing()
    crashing(world, where)
    world.clock.advance(UNTIL_DEAD)

    world.refresh()

    assert world.rotating.spent == spent
    assert world.refresh_token == f"refresh-{newest}"
    assert world.events == []


@pytest.mark.parametrize("where", ["in the request", "before finish"])
def test_accepted_and_never_heard_is_recovered_by_the_one_retry_where_there_is_grace(
    where: str,
) -> None:
    world = Refreshing(provider=RotatingProvider(has_grace=True))
    crashing(world, where)
    world.clock.advance(UNTIL_DEAD)

    world.refresh()

    assert world.rotating.spent == ["refresh-1", "refresh-1"]
    assert world.refresh_token == "refresh-2"
    assert world.events == []


@pytest.mark.parametrize("where", ["in the request", "before finish"])
def test_accepted_and_never_heard_is_one_lost_consent_and_no_loop_where_there_is_none(
    where: str,
) -> None:
    world = Refreshing()
    crashing(world, where)
    world.clock.advance(UNTIL_DEAD)

    for _ in range(5):
        with pytest.raises(ConsentRequiredError):
            world.refresh()

    assert world.rotating.spent == ["refresh-1", "refresh-1"]
    assert world.connection.status is ConnectionStatus.CONSENT_LOST
    assert world.happened() == [Happened.LOST]


def test_a_retry_that_dies_too_is_the_last_one() -> None:
    world = Refreshing(provider=RotatingProvider(has_grace=True))
    crashing(world, "in the request")
    world.clock.advance(UNTIL_DEAD)
    crashing(world, "in the request")
    world.clock.advance(UNTIL_DEAD)

    for _ in range(5):
        with pytest.raises(ConsentRequiredError):
            world.refresh()

    assert world.rotating.spent == ["refresh-1", "refresh-1"]
    assert world.happened() == [Happened.LOST]


def test_a_live_holder_is_never_raced() -> None:
    world = Refreshing()
    crashing(world, "in the request")

    while world.clock.now() - CONSENT.connected_at < UNTIL_DEAD - timedelta(seconds=10):
        with pytest.raises(TemporarilyUnavailableError) as caught:
            world.refresh()
        assert caught.value.rule == CONNECTION_BUSY

    assert world.rotating.spent == ["refresh-1"]


def test_who_finds_it_being_spent_waits_and_spends_the_next_one() -> None:
    world = Refreshing()
    held = Spending(number=1, holder_id="x", dies_at=world.clock.now() + timedelta(seconds=20))
    world.connections.begin_spending(world.connection, held)
    order, first = world.order(), world.connection
    successor = Successor(
        refresh_token=Secret("refresh-2"),
        scopes=None,
        refreshed_at=world.clock.now(),
        refresh_expires_at=None,
    )
    world.rotating.newest = 2
    waits: list[float] = []

    def pause(clock: object, seconds: float) -> None:
        del clock
        waits.append(seconds)
        if len(waits) == 3:
            world.connections.finish_spending(first, successor)

    world.parts(pause=pause).refresher.refresh(order)

    assert world.rotating.spent == ["refresh-2"]
    assert world.refresh_token == "refresh-3"


def test_the_slow_holder_that_comes_back_after_another_took_over_heals_the_consent() -> None:
    """A's answer is on its way when A seems dead; B retries, is refused, and gives up; A ends."""
    world = Refreshing()

    def another_takes_over() -> None:
        world.rotating.interrupt = None
        world.clock.advance(UNTIL_DEAD)
        with pytest.raises(ConsentRequiredError):
            world.refresh()
        assert world.connection.status is ConnectionStatus.CONSENT_LOST

    world.rotating.interrupt = another_takes_over

    world.refresh()

    assert world.connection.status is ConnectionStatus.ACTIVE
    assert world.refresh_token == "refresh-2"
    assert world.happened() == [Happened.LOST]


def test_the_slow_holder_does_not_replace_what_its_taker_got() -> None:
    world = Refreshing(provider=RotatingProvider(has_grace=True))

    def another_takes_over() -> None:
        world.rotating.interrupt = None
        world.clock.advance(UNTIL_DEAD)
        world.refresh()
        world.refresh()

    world.rotating.interrupt = another_takes_over

    world.refresh()

    assert world.rotating.spent == ["refresh-1", "refresh-1", "refresh-2"]
    assert world.refresh_token == "refresh-3"
    assert world.events == []


def test_a_holder_whose_refusal_comes_late_does_not_lose_what_its_taker_keeps() -> None:
    world = Refreshing(provider=RotatingProvider(has_grace=True))
    slow = world.order()

    class RefusesSlowly:
        def send(self, request: ProviderRequest) -> ProviderResponse:
            del request
            world.provider = world.rotating  # type: ignore[assignment]
            world.clock.advance(UNTIL_DEAD)
            world.refresh()
            return json_response({"error": "invalid_grant"}, status=400)

    world.provider = RefusesSlowly()  # type: ignore[assignment]
    with pytest.raises(ConsentRequiredError):
        world.refresher().refresh(slow)

    assert world.connection.status is ConnectionStatus.ACTIVE
    assert world.refresh_token == "refresh-2"
    assert world.events == []


@pytest.mark.parametrize("fault", [Fault.NOT_HEARD, Fault.BUSY])
def test_an_outage_of_the_provider_costs_no_consent(fault: Fault) -> None:
    world = Refreshing()
    world.rotating.faults.extend([fault] * 50)

    while world.rotating.faults:
        with pytest.raises(TemporarilyUnavailableError):
            world.refresh()
        world.clock.advance(timedelta(seconds=10))
    world.clock.advance(UNTIL_DEAD)
    world.refresh()

    assert world.refresh_token == "refresh-2"
    assert world.rotating.spent == ["refresh-1"]
    assert world.events == []


def test_after_a_time_out_nobody_asks_before_the_first_request_is_surely_over() -> None:
    world = Refreshing()
    world.rotating.faults.append(Fault.ANSWER_LOST)
    with pytest.raises(TemporarilyUnavailableError):
        world.refresh()

    # A request waits for what comes within its own time, so it is asked up to then.
    while (left := UNTIL_DEAD - (world.clock.now() - CONSENT.connected_at)) > timedelta(seconds=9):
        with pytest.raises(TemporarilyUnavailableError) as caught:
            world.refresh()
        assert len(world.rotating.spent) == 1
        assert caught.value.retry_after_seconds >= left.total_seconds()
        world.clock.advance(timedelta(seconds=7))


def test_too_many_requests_costs_the_wait_that_was_asked_for_and_no_more() -> None:
    world = Refreshing()
    world.rotating.faults.append(Fault.TOO_MANY)
    with pytest.raises(TemporarilyUnavailableError):
        world.refresh()
    world.clock.advance(timedelta(seconds=7))

    world.refresh()

    assert world.rotating.spent == ["refresh-1"]
    assert world.refresh_token == "refresh-2"


def test_an_answer_that_is_none_is_no_word_on_the_token() -> None:
    world = Refreshing(provider=RotatingProvider(has_grace=True))
    world.rotating.faults.append(Fault.GARBLED)
    with pytest.raises(ProviderRefusedError):
        world.refresh()
    world.clock.advance(UNTIL_DEAD)

    world.refresh()

    assert world.refresh_token == "refresh-2"
    assert world.events == []


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
    world = Refreshing()
    world.provider = Answers(changes)  # type: ignore[assignment]

    with pytest.raises(ProviderRefusedError):
        world.refresh()

    assert world.refresh_token == "refresh-2"
    assert world.connection.spending is None


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
    world = Refreshing()
    world.provider = Answers({"error": error}, status=status)  # type: ignore[assignment]

    for _ in range(3):
        with pytest.raises(ConsentRequiredError):
            world.refresh()

    assert world.connection.status is ConnectionStatus.CONSENT_LOST
    assert [(event.happened, event.key, event.why) for event in world.events] == [
        (Happened.LOST, KEY, "refused")
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
    world = Refreshing()
    changes: dict[str, object] = {"error": error} if error else {}
    world.provider = Answers(changes, status=status)  # type: ignore[assignment]
    with pytest.raises(ProviderRefusedError):
        world.refresh()
    world.provider = world.rotating  # type: ignore[assignment]
    world.clock.advance(timedelta(seconds=1))

    world.refresh()

    assert world.refresh_token == "refresh-2"
    assert world.events == []


def test_a_missing_secret_leaves_the_token_alone() -> None:
    world = Refreshing()
    secret = world.secrets.secrets.pop(("jobs", None))
    with pytest.raises(CredentialNotReadyError):
        world.refresh()
    world.secrets.secrets["jobs", None] = secret
    world.clock.advance(timedelta(seconds=1))

    world.refresh()

    assert world.rotating.spent == ["refresh-1"]


def test_the_token_goes_only_where_the_secret_may() -> None:
    world = Refreshing(
        definition=replace(DEFINITION, token_endpoint="https://elsewhere.example/token")
    )

    with pytest.raises(CredentialNotReadyError):
        world.refresh()

    assert world.rotating.requests == []


def test_no_refresh_starts_while_the_table_is_away() -> None:
    world = Refreshing()
    world.connections.is_away = True

    with pytest.raises(TemporarilyUnavailableError):
        world.refresh()

    assert world.rotating.requests == []


def test_a_table_that_goes_away_meanwhile_is_tried_until_the_invocation_ends() -> None:
    world = Refreshing()
    tries: list[float] = []

    def pause(_: object, seconds: float) -> None:
        tries.append(seconds)
        world.clock.advance(timedelta(seconds=seconds))
        if len(tries) == 20:
            world.connections.is_away = False

    world.rotating.interrupt = lambda: setattr(world.connections, "is_away", True)

    world.parts(pause=pause).refresher.refresh(world.order())

    assert world.refresh_token == "refresh-2"
    assert world.events == []


def test_a_successor_that_cannot_be_kept_is_told_and_not_answered() -> None:
    world = Refreshing()
    world.rotating.interrupt = lambda: setattr(world.connections, "is_away", True)

    with pytest.raises(TemporarilyUnavailableError):
        world.refresh()

    assert world.happened() == [Happened.NOT_KEPT]


def test_a_throttled_write_of_the_successor_is_tried_again() -> None:
    world = Refreshing()
    world.rotating.interrupt = lambda: setattr(world.connections, "is_throttled", True)

    def pause(_: object, seconds: float) -> None:
        del seconds
        world.connections.is_throttled = False

    world.parts(pause=pause).refresher.refresh(world.order())

    assert world.refresh_token == "refresh-2"


def test_what_comes_for_a_connection_that_was_disconnected_meanwhile_is_revoked() -> None:
    world = Refreshing()
    world.rotating.interrupt = lambda: (world.connections.delete(KEY), None)[1]

    with pytest.raises(ConsentRequiredError):
        world.refresh()

    assert world.rotating.revoked == ["refresh-2"]
    assert world.connections.read(KEY) is None


def test_a_successor_of_a_former_consent_is_dropped() -> None:
    world = Refreshing()
    anew = Connection(
        key=KEY,
        consent=replace(CONSENT, consent_id="consent-2", refresh_token=Secret("refresh-of-2")),
        number=1,
    )
    world.rotating.interrupt = lambda: world.connections.seed(anew)

    world.refresh()

    assert world.connection == anew


def test_a_connection_that_was_made_anew_is_not_spent_for_what_was_wanted_of_the_old_one() -> None:
    world = Refreshing()

    with pytest.raises(TemporarilyUnavailableError):
        world.refresher().refresh(replace(world.order(), consent_id="consent-0"))

    assert world.rotating.requests == []


def test_no_refresh_starts_that_could_not_end_within_the_invocation() -> None:
    world = Refreshing()

    with pytest.raises(TemporarilyUnavailableError):
        world.refresher().refresh(world.order(time_left=timedelta(seconds=10)))

    assert world.rotating.requests == []
    assert world.connection.spending is None


def test_scopes_that_the_provider_took_away_are_remembered() -> None:
    world = Refreshing(provider=RotatingProvider(scope="jobs_read"))

    token = world.refresh()

    assert token.scopes == frozenset({"jobs_read"})
    assert world.connection.consent is not None
    assert world.connection.consent.scopes == frozenset({"jobs_read"})


def test_a_token_with_fewer_scopes_narrows_nothing_for_the_next() -> None:
    world = Refreshing()

    world.refresher().refresh(world.order(asked=frozenset({"jobs_read"})))

    assert world.rotating.requests[-1].form["scope"] == "jobs_read"
    assert world.connection.consent is not None
    assert world.connection.consent.scopes == CONSENT.scopes


def test_the_refresh_is_asked_as_the_definition_describes_it() -> None:
    described = {"parameters_in": "json", "query": {"v": "2"}, "parameters": {"app": "shop"}}
    world = Refreshing(definition=replace(DEFINITION, token_request=described))

    world.refresh()

    request = world.rotating.requests[-1]
    assert (request.parameters_in, request.query) == (ParametersIn.JSON, {"v": "2"})
    assert (request.form["grant_type"], request.form["app"]) == ("refresh_token", "shop")


def test_a_description_that_cannot_be_followed_costs_no_refresh_token() -> None:
    described = {"headers": {"X-Key": "{secret.key}"}}
    world = Refreshing(definition=replace(DEFINITION, token_request=described))

    with pytest.raises(CredentialNotReadyError, match="has no field key"):
        world.refresh()

    assert world.rotating.requests == []
    assert world.refresh_token == "refresh-1"
    assert world.connection.status is ConnectionStatus.ACTIVE


def test_a_store_that_fails_to_give_back_leaves_the_journal_to_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = Refreshing()
    world.rotating.faults.append(Fault.TOO_MANY)
    give_back: Callable[..., None] = world.connections.give_back

    def away(*_: object, **__: object) -> None:
        raise StoreAwayError("away")

    monkeypatch.setattr(world.connections, "give_back", away)
    with pytest.raises(TemporarilyUnavailableError):
        world.refresh()
    monkeypatch.setattr(world.connections, "give_back", give_back)
    world.clock.advance(UNTIL_DEAD)

    world.refresh()

    assert world.refresh_token == "refresh-2"
