"""What a renewal reports of each token, and whose state it reads for it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.consent.refreshing import KEY, Refreshing
from tests.unit.vending.harness import BILLING, DEFINITION, GRANT, INVOCATION, REQUEST, Harness

from tokenvend.domain import bounds
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import new_lease
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import ALL_TENANTS
from tokenvend.domain.renewal import RenewalSlot, slot_of
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.ports import TokenItem
from tokenvend.schedules.renewal import Renewal, RenewalOutcome

FROM_START = timedelta(seconds=1800 * 0.85)
LATE = timedelta(seconds=1800 * 0.92)


class Due:
    """A token in use of *harness*, some time into its life, and its slot."""

    def __init__(self, harness: Harness | None = None, *, age: timedelta = FROM_START) -> None:
        self.harness = harness or Harness()
        decision = self.harness.vend(self.harness.environment()).decision
        self.key, self.spec = decision.key, decision.spec
        self.harness.clock.advance(age)
        self.slot = slot_of(self.key, self.harness.clock.now())
        self.harness.tokens.schedule_renewal(self.key, self.token, self.slot)

    @property
    def item(self) -> TokenItem:
        return self.harness.tokens.read(self.key)

    @property
    def token(self) -> AccessToken:
        token = self.item.token
        assert token is not None
        return token

    def seed(self, **changes: object) -> None:
        self.harness.tokens.seed(self.key, replace(self.item, **changes))  # type: ignore[arg-type]

    def renew(self, *, time_left: timedelta = INVOCATION) -> Renewal:
        deadline = self.harness.clock.monotonic() + time_left.total_seconds()
        return self.harness.parts().renewer.renew(self.slot, self.key, deadline=deadline)


def test_a_renewed_token_is_reported_with_what_it_is() -> None:
    due = Due()

    renewal = due.renew()

    assert renewal == Renewal(due.key, RenewalOutcome.RENEWED, due.spec, due.token)
    assert due.token.access_token.reveal() == "provider-token-2"


def test_a_renewal_that_fails_is_reported_with_its_reason() -> None:
    due = Due()
    due.harness.provider.is_away = True

    renewal = due.renew()

    assert (renewal.key, renewal.outcome, renewal.spec) == (
        due.key,
        RenewalOutcome.FAILED,
        due.spec,
    )
    assert renewal.token is None
    assert renewal.failed is not None
    assert renewal.failed.rule == "provider.away"


@pytest.mark.parametrize(("age", "is_late"), [(FROM_START, False), (LATE, True)])
def test_a_renewal_without_time_is_reported_and_whether_it_is_late(
    age: timedelta, *, is_late: bool
) -> None:
    due = Due(age=age)

    renewal = due.renew(time_left=bounds.EXCHANGE_NEEDS - timedelta(milliseconds=1))

    assert renewal == Renewal(due.key, RenewalOutcome.NO_TIME, due.spec, is_late=is_late)
    assert due.renew(time_left=bounds.EXCHANGE_NEEDS).outcome is RenewalOutcome.RENEWED


def seed_absent(due: Due) -> None:
    due.harness.tokens.seed(due.key, TokenItem())


def seed_without_spec(due: Due) -> None:
    due.seed(spec=None)


def seed_unused(due: Due) -> None:
    due.seed(is_in_use=False)


@pytest.mark.parametrize("change", [seed_absent, seed_without_spec, seed_unused])
def test_what_is_not_there_or_not_in_use_is_not_renewed(change: Callable[[Due], None]) -> None:
    due = Due()
    change(due)

    assert due.renew() == Renewal(due.key, RenewalOutcome.UNWANTED)
    assert due.harness.provider.exchanges == 1


def test_a_token_whose_credential_is_gone_is_reported_and_taken_off_the_schedule() -> None:
    due = Due()
    del due.harness.reader.definitions["jobs"]

    assert due.renew() == Renewal(due.key, RenewalOutcome.UNWANTED, due.spec)
    assert due.harness.tokens.slots() == []
    assert not due.item.is_in_use


def test_a_token_that_backs_off_is_moved_to_the_minute_in_which_it_may_be_tried() -> None:
    due = Due()
    retry_at = due.harness.clock.now() + timedelta(minutes=3)
    due.seed(failure=Failure(provider_error=None, count=1, retry_at=retry_at))

    assert due.renew() == Renewal(due.key, RenewalOutcome.NOT_YET, due.spec)
    assert due.harness.tokens.slots() == [slot_of(due.key, retry_at)]
    assert due.item.is_in_use


def test_a_token_that_another_is_renewing_stays_where_it_is() -> None:
    due = Due()
    now = due.harness.clock.now()
    due.seed(
        lease=new_lease(
            now=now, deadline_at=now + INVOCATION, expected_duration=timedelta(seconds=1)
        )
    )
    writes = due.harness.tokens.writes

    assert due.renew() == Renewal(due.key, RenewalOutcome.NOT_YET, due.spec)
    assert due.harness.tokens.slots() == [due.slot]
    assert due.harness.tokens.writes == writes


def test_a_lease_that_is_lost_is_reported_as_not_yet() -> None:
    due = Due()
    due.harness.tokens.acquire_lease = lambda *_, **__: None  # type: ignore[method-assign]

    assert due.renew() == Renewal(due.key, RenewalOutcome.NOT_YET, due.spec)


def test_a_tenants_token_is_renewed_by_its_own_state() -> None:
    family = replace(DEFINITION, family=True)
    harness = Harness(definition=family, grant=replace(GRANT, tenants=ALL_TENANTS))
    for tenant in ("acme", "globex"):
        secret = ProviderSecret(f"client-of-{tenant}", Secret("s"), "login.acme.example")
        harness.secrets.secrets["jobs", tenant] = secret
    vended = harness.vend(harness.environment(), replace(REQUEST, tenant="acme"))
    key, token = vended.decision.key, vended.answer.token
    harness.clock.advance(timedelta(seconds=60))
    slot = slot_of(key, harness.clock.now())
    harness.tokens.schedule_renewal(key, token, slot)
    # It is fresh: only a changed secret of its tenant has it replaced.
    renewer, deadline = harness.parts().renewer, harness.clock.monotonic() + 20

    harness.states.start_secret_generation("jobs", "globex", "v2")
    others = renewer.renew(slot, key, deadline=deadline).outcome
    harness.tokens.schedule_renewal(key, token, slot)
    harness.states.start_secret_generation("jobs", "acme", "v2")
    own = renewer.renew(slot, key, deadline=deadline).outcome

    assert (others, own) == (RenewalOutcome.NOT_YET, RenewalOutcome.RENEWED)


def of_connection(harness: Refreshing) -> tuple[RenewalSlot, str]:
    request = replace(REQUEST, connection="acme")
    vended = harness.vend(harness.environment(), request, proof=BILLING)
    harness.clock.advance(FROM_START)
    slot = slot_of(vended.decision.key, harness.clock.now())
    harness.tokens.schedule_renewal(vended.decision.key, vended.answer.token, slot)
    return slot, vended.decision.key


@pytest.mark.parametrize(
    ("blocked", "outcome"),
    [
        (None, RenewalOutcome.RENEWED),
        (str(replace(KEY, owner="shop")), RenewalOutcome.RENEWED),
        (str(replace(KEY, name="other")), RenewalOutcome.RENEWED),
        (str(replace(KEY, credential="other")), RenewalOutcome.RENEWED),
        (str(KEY), RenewalOutcome.UNWANTED),
    ],
)
def test_the_token_of_a_blocked_connection_is_not_renewed(
    blocked: str | None, outcome: RenewalOutcome
) -> None:
    harness = Refreshing()
    slot, key = of_connection(harness)
    if blocked is not None:
        harness.reader.blocked.add(blocked)

    renewal = harness.parts().renewer.renew(slot, key, deadline=harness.clock.monotonic() + 20)

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

    assert due.renew().outcome is RenewalOutcome.RENEWED
