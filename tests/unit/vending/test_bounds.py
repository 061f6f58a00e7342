"""The bounds that no other behaviour's test meets at its edge."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.vending.harness import BILLING, DEFINITION, GRANT, INVOCATION, Harness

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import TemporarilyUnavailableError
from tokenvend.domain.lease import Lease
from tokenvend.domain.registry import Caller
from tokenvend.domain.request import VendRequest
from tokenvend.ports import TokenItem


def test_environment_remembers_only_so_many_requests() -> None:
    harness = Harness(definition=DEFINITION, grant=replace(GRANT, audiences=AUDIENCES))
    environment = harness.environment()
    for audience in sorted(AUDIENCES):
        harness.vend(environment, VendRequest("jobs", audience=audience))

    newest = harness.vend(environment, VendRequest("jobs", audience=max(AUDIENCES))).answer
    oldest = harness.vend(environment, VendRequest("jobs", audience=min(AUDIENCES))).answer

    assert (newest.source, oldest.source) == (Source.MEMORY, Source.STORE)


def test_caller_that_varies_its_requests_takes_no_memory_from_another() -> None:
    harness = Harness()
    other = replace(BILLING, identity="iam:111122223333:role/payroll")
    harness.reader.callers[other.identity] = Caller(name="payroll")
    harness.reader.grants[other.identity, "jobs"] = replace(GRANT, caller="payroll")
    environment = harness.environment()
    harness.vend(environment, proof=other)

    many = [
        VendRequest("jobs", scopes, min_ttl_seconds=seconds)
        for scopes in (None, frozenset({"jobs_read"}))
        for seconds in range(bounds.MEMORY_ENTRIES // 2 + 1)
    ]
    for request in many:
        harness.vend(environment, request)

    sources = [harness.vend(environment, request).answer.source for request in (many[-1], many[0])]
    assert sources == [Source.MEMORY, Source.STORE]
    assert harness.vend(environment, proof=other).answer.source is Source.MEMORY


AUDIENCES = frozenset(f"urn:api:{number:05}" for number in range(bounds.MEMORY_ENTRIES + 1))


def held_by_somebody(harness: Harness) -> None:
    """A lease whose holder lives on, and on, and on."""
    environment = harness.environment()
    key = harness.vend(environment).decision.key
    deadline_at = harness.clock.now() + timedelta(hours=1)
    lease = Lease(lease_id="0" * 32, expected_done_at=deadline_at, deadline_at=deadline_at)
    harness.tokens.seed(key, TokenItem(lease=lease))


@pytest.mark.parametrize(
    ("time_left", "waited"),
    [
        pytest.param(timedelta(seconds=5), timedelta(seconds=4), id="the invocation is over"),
        pytest.param(INVOCATION, bounds.LEASE_WAIT, id="the wait is over"),
    ],
)
def test_waiter_gives_up_in_time_to_say_so(time_left: timedelta, waited: timedelta) -> None:
    harness = Harness()
    held_by_somebody(harness)
    started = harness.clock.now()
    # Its lease is seen changed at each look, so it is never free to be taken over.
    read = harness.tokens.read
    count = iter(range(10_000))

    def changed(key: str) -> TokenItem:
        item = read(key)
        assert item.lease is not None
        return replace(item, lease=replace(item.lease, lease_id=f"{next(count):032x}"))

    harness.tokens.read = changed  # type: ignore[method-assign]

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.environment().vend(BILLING, VendRequest("jobs"), time_left=time_left)

    assert caught.value.rule == "lease.wait"
    took = harness.clock.now() - started
    assert waited <= took <= waited + timedelta(milliseconds=300)
