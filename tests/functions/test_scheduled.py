"""The functions that nobody calls: a schedule does."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from tests.functions.conftest import load_handler, through
from tests.unit.vending.world import World

import tokenvend.scheduled
from tokenvend.domain import bounds
from tokenvend.domain.errors import InvalidClientError
from tokenvend.ports import SecretVersion


@pytest.mark.parametrize("function", ["renew", "sweep"])
@pytest.mark.parametrize("alias", [None, "billing", "7"])
@pytest.mark.usefixtures("world")
def test_it_runs_through_the_alias_that_the_schedule_invokes(
    function: str, alias: str | None
) -> None:
    with pytest.raises(InvalidClientError):
        load_handler(function)({}, through(alias))


@pytest.mark.usefixtures("world")
def test_each_minute_every_shard_is_sent_on_its_way() -> None:
    sent = tokenvend.scheduled.environment().sent  # type: ignore[attr-defined]

    answer = load_handler("renew")({"source": "aws.events"}, through("live"))

    assert answer == {"dispatched": bounds.RENEWAL_SHARDS}
    assert [json.loads(payload) for payload in sent] == [
        {"shard": shard} for shard in range(bounds.RENEWAL_SHARDS)
    ]


def test_shard_renews_what_is_due_and_logs_no_token(world: World, log: StringIO) -> None:
    direct = load_handler("vend_direct")
    for _ in range(2):
        direct({"credential": "jobs"}, through("billing"))
        world.clock.advance(timedelta(seconds=60))
    world.clock.advance(timedelta(seconds=1800 * 0.8))

    renewed = [
        load_handler("renew")({"shard": shard}, through("live"))["renewed"]
        for shard in range(bounds.RENEWAL_SHARDS)
    ]

    assert sum(renewed) == 1
    assert world.provider.exchanges == 2
    assert '"Renewals"' in log.getvalue()
    assert "provider-token" not in log.getvalue()


def test_sweep_counts_what_it_found(world: World) -> None:
    world.catalog.found = [SecretVersion("jobs", None, "v1")]

    sweep = load_handler("sweep")

    assert sweep({}, through("live")) == {"changed": 1}
    assert sweep({}, through("live")) == {"changed": 0}
    assert world.states.state("jobs").epoch == "v1"
