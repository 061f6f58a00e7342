"""What a renewal reports of each token, and whose state it reads for it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.connecting.refreshing import KEY, Refreshing
from tests.unit.vending.world import BILLING, DEFINITION, GRANT, INVOCATION, REQUEST, World

from tokenvend.domain import bounds
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import new_lease
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import ALL_TENANTS
from tokenvend.domain.renewal import Slot, slot_of
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.ports import TokenItem
from tokenvend.vending.renew import Outcome, Renewal

FROM_START = timedelta(seconds=1800 * 0.85)
LATE = timedelta(seconds=1800 * 0.92)


class Due:
    """A token in use of *world*, some time into its life, and its slot."""

    def __init__(self, world: World | None = None, *, age: timedelta = FROM_START) -> None:
        self.world = world or World()
        decision = self.world.vend(self.world.environment()).decision
        self.key, self.spec = decision.key, decision.spec
        self.world.clock.advance(age)
        self.slot = slot_of(self.key, self.world.clock.now())
        self.world.tokens.schedule_renewal(self.key, self.token, self.slot)

    @property
    def item(self) -> TokenItem:
        return self.world.tokens.read(self.key)

    @property
    def token(self) -> AccessToken:
        token = self.item.token
        assert token is not None
        return token

    def seed(self, **changes: object) -> None:
        self.world.tokens.seed(self.key, replace(self.item, **changes))  # type: ignore[arg-type]

    def renew(self, *, time_left: timedelta = INVOCATION) -> Renewal:
        dies = self.world.clock.monotonic() + time_left.total_seconds()
        return self.world.parts().renewer.renew(self.slot, self.key, dies=dies)


def test_a_renewed_token_is_reported_with_what_it_is() -> None:
    due = Due()

    renewal = due.renew()

    assert renewal == Renewal(due.key, Outcome.RENEWED, due.spec, due.token)
    assert due.token.access_token.reveal() == "provider-token-2"


def test_a_renewal_that_fails_is_reported_with_its_reason() -> None:
    due = Due()
    due.world.provider.is_away = True

    renewal = due.renew()

    assert (renewal.key, renewal.outcome, renewal.spec) == (due.key, Outcome.FAILED, due.spec)
    assert renewal.token is None
    assert renewal.failed is not None
    assert renewal.failed.rule == "provider.away"


@pytest.mark.parametrize(("age", "is_late"), [(FROM_START, False), (LATE, True)])
def test_a_renewal_without_time_is_reported_and_whether_it_is_late(
    age: timedelta, *, is_late: bool
) -> None:
    due = Due(age=age)

    renewal = due.renew(time_left=bounds.EXCHANGE_NEEDS - timedelta(milliseconds=1))

    assert renewal == Renewal(due.key, Outcome.NO_TIME, due.spec, is_late=is_late)
    assert due.renew(time_left=bounds.EXCHANGE_NEEDS).outcome is Outcome.RENEWED


def seed_absent(due: Due) -> None:
    due.world.tokens.seed(due.key, TokenItem())


def seed_without_spec(due: Due) -> None:
    due.seed(spec=None)


def seed_unused(due: Due) -> None:
    due.seed(is_asked=False)


@pytest.mark.parametrize("change", [seed_absent, seed_without_spec, seed_unused])
def test_what_is_not_there_or_not_in_use_is_not_renewed(change: Callable[[Due], None]) -> None:
    due = Due()
    change(due)

    assert due.renew() == Renewal(due.key, Outcome.UNWANTED)
    assert due.world.provider.exchanges == 1


def test_a_token_whose_credential_is_gone_is_reported_and_taken_off_the_schedule() -> None:
    due = Due()
    del due.world.reader.definitions["jobs"]

    assert due.renew() == Renewal(due.key, Outcome.UNWANTED, due.spec)
    assert due.world.tokens.slots() == []
    assert not due.item.is_asked


def test_a_token_that_backs_off_is_moved_to_the_minute_in_which_it_may_be_tried() -> None:
    due = Due()
    retry_at = due.world.clock.now() + timedelta(minutes=3)
    due.seed(failure=Failure(provider_error=None, count=1, retry_at=retry_at))

    assert due.renew() == Renewal(due.key, Outcome.NOT_YET, due.spec)
    assert due.world.tokens.slots() == [slot_of(due.key, retry_at)]
    assert due.item.is_asked


def test_a_token_that_another_is_renewing_stays_where_it_is() -> None:
    due = Due()
    now = due.world.clock.now()
    due.seed(lease=new_lease(now=now, dies_at=now + INVOCATION, expected=timedelta(seconds=1)))
    writes = due.world.tokens.writes

    assert due.renew() == Renewal(due.key, Outcome.NOT_YET, due.spec)
    assert due.world.tokens.slots() == [due.slot]
    assert due.world.tokens.writes == writes


def test_a_lease_that_is_lost_is_reported_as_not_yet() -> None:
    due = Due()
    due.world.tokens.acquire_lease = lambda *_, **__: None  # type: ignore[method-assign]

    assert due.renew() == Renewal(due.key, Outcome.NOT_YET, due.spec)


def test_a_tenants_token_is_renewed_by_its_own_state() -> None:
    family = replace(DEFINITION, family=True)
    world = World(definition=family, grant=replace(GRANT, tenants=ALL_TENANTS))
    for tenant in ("acme", "globex"):
        secret = ProviderSecret(f"client-of-{tenant}", Secret("s"), "login.acme.example")
        world.secrets.secrets["jobs", tenant] = secret
    vended = world.vend(world.environment(), replace(REQUEST, tenant="acme"))
    key, token = vended.decision.key, vended.answer.token
    world.clock.advance(timedelta(seconds=60))
    slot = slot_of(key, world.clock.now())
    world.tokens.schedule_renewal(key, token, slot)
    # It is fresh: only a changed secret of its tenant has it replaced.
    renewer, dies = world.parts().renewer, world.clock.monotonic() + 20

    world.states.start_epoch("jobs", "globex", "v2")
    others = renewer.renew(slot, key, dies=dies).outcome
    world.tokens.schedule_renewal(key, token, slot)
    world.states.start_epoch("jobs", "acme", "v2")
    own = renewer.renew(slot, key, dies=dies).outcome

    assert (others, own) == (Outcome.NOT_YET, Outcome.RENEWED)


def of_connection(world: Refreshing) -> tuple[Slot, str]:
    request = replace(REQUEST, connection="acme")
    vended = world.vend(world.environment(), request, proof=BILLING)
    world.clock.advance(FROM_START)
    slot = slot_of(vended.decision.key, world.clock.now())
    world.tokens.schedule_renewal(vended.decision.key, vended.answer.token, slot)
    return slot, vended.decision.key


@pytest.mark.parametrize(
    ("blocked", "outcome"),
    [
        (None, Outcome.RENEWED),
        (str(replace(KEY, owner="shop")), Outcome.RENEWED),
        (str(replace(KEY, name="other")), Outcome.RENEWED),
        (str(replace(KEY, credential="other")), Outcome.RENEWED),
        (str(KEY), Outcome.UNWANTED),
    ],
)
def test_the_token_of_a_blocked_connection_is_not_renewed(
    blocked: str | None, outcome: Outcome
) -> None:
    world = Refreshing()
    slot, key = of_connection(world)
    if blocked is not None:
        world.reader.blocked.add(blocked)

    renewal = world.parts().renewer.renew(slot, key, dies=world.clock.monotonic() + 20)

    assert renewal.outcome is outcome


def test_a_token_of_half_a_connection_is_of_none() -> None:
    due = Due()
    spec = TokenSpec(
        credential="jobs",
        definition=due.spec.definition,
        scopes=due.spec.scopes,
        connection_owner="shop",
    )
    due.seed(spec=spec)

    assert due.renew().outcome is Outcome.RENEWED
