"""A scheduled run ends when its time does: what is left over is found again by the next one."""

from dataclasses import replace
from datetime import timedelta

from tests.functions.conftest import load_handler, through
from tests.unit.vending.harness import READ, Harness

from tokenvend.domain import bounds
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.renewal import slot_of
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.ports import TokenItem

#: Of one shard, and far more than any run has workers.
DUE = 60


def seed_due(harness: Harness, *, count: int) -> None:
    """*count* tokens in use, all due now, all of shard 0."""
    now = harness.clock.now()
    definition = harness.reader.definitions["jobs"]
    for number in range(count):
        key = f"{number * bounds.RENEWAL_SHARDS:08x}" + "0" * 56
        token = AccessToken(
            access_token=Secret(f"old-{number}"),
            scopes=READ,
            requested_at=now - timedelta(seconds=1600),
            expires_at=now + timedelta(seconds=150),
        )
        spec = TokenSpec(credential="jobs", definition=definition.fingerprint, scopes=READ)
        harness.tokens.seed(key, TokenItem(token=token, spec=spec))
        harness.tokens.schedule_renewal(key, token, slot_of(key, now))


def renew(*, milliseconds: int) -> dict[str, int]:
    context = replace(through("live"), remaining_ms=milliseconds)
    return load_handler("renew")({"shard": 0}, context)


def test_a_run_with_time_renews_all_that_is_due(harness: Harness) -> None:
    seed_due(harness, count=DUE)

    counts = renew(milliseconds=20_000)

    assert counts["renewed"] == harness.provider.exchanges == DUE
    assert counts["no_time"] == 0


def test_a_run_without_time_exchanges_nothing_and_does_not_go_through_the_rest(
    harness: Harness,
) -> None:
    seed_due(harness, count=DUE)
    reads = harness.tokens.reads

    counts = renew(milliseconds=int(bounds.EXCHANGE_NEEDS.total_seconds() * 1000) - 1)

    assert harness.provider.exchanges == counts["renewed"] == 0
    # Each worker ends with the first for which there is no time.
    assert 0 < counts["no_time"] < DUE / 2
    assert harness.tokens.reads - reads == counts["no_time"]


def test_the_next_run_finds_what_was_left_over(harness: Harness) -> None:
    seed_due(harness, count=DUE)
    renew(milliseconds=0)

    assert renew(milliseconds=20_000)["renewed"] == DUE
