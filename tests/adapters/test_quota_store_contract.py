"""The contract of `ports.quotas.QuotaStore`, on the fake and on DynamoDB."""

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.faults import answer_with
from tests.adapters.races import at_once
from tests.fakes.quota_store import InMemoryQuotas

from tokenvend.adapters.dynamodb.quota_store import DynamoDbQuotas, quota_pk
from tokenvend.domain.quota import Quota, latest_at
from tokenvend.ports import StoreAwayError
from tokenvend.ports.quotas import Drawn, QuotaStore

SECOND = 1_000_000
NOW = 1_770_000_000 * SECOND
#: One permit each second, ten at most.
QUOTA = Quota(requests_per_minute=60, burst=10)
FULL = QUOTA.full_at(NOW)


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> QuotaStore:
    if request.param == "fake":
        return InMemoryQuotas()
    aws, tables = request.getfixturevalue("aws"), request.getfixturevalue("tables")
    return DynamoDbQuotas(aws.dynamodb, table=tables.tokens)


def draw(
    store: QuotaStore, permits: int, *, from_full: bool = False, now: int = NOW, by: str = "billing"
) -> Drawn:
    return store.draw(by, QUOTA, permits, now=now, from_full=from_full)


def test_a_bucket_that_nobody_used_is_full(store: QuotaStore) -> None:
    assert draw(store, 1) == Drawn(granted=False, empty_at=None)
    assert draw(store, 4, from_full=True) == Drawn(granted=True, empty_at=FULL + 4 * SECOND)


def test_what_was_drawn_is_gone(store: QuotaStore) -> None:
    draw(store, 4, from_full=True)

    assert draw(store, 6) == Drawn(granted=True, empty_at=NOW)
    assert draw(store, 1) == Drawn(granted=False, empty_at=NOW)
    assert draw(store, 1, from_full=True) == Drawn(granted=False, empty_at=NOW)


def test_more_than_there_are_is_refused_whole(store: QuotaStore) -> None:
    draw(store, 8, from_full=True)

    assert draw(store, 3) == Drawn(granted=False, empty_at=NOW - 2 * SECOND)
    assert draw(store, 2).granted


def test_a_permit_comes_back_with_time(store: QuotaStore) -> None:
    draw(store, 10, from_full=True)

    assert not draw(store, 1, now=NOW + SECOND - 1).granted
    assert draw(store, 1, now=NOW + SECOND).granted


@pytest.mark.parametrize(("later", "from_full"), [(0, False), (1, True)])
def test_a_bucket_is_full_once_its_whole_burst_has_come_back(
    store: QuotaStore, later: int, *, from_full: bool
) -> None:
    draw(store, 10, from_full=True)
    now = NOW + 10 * SECOND + later

    assert not draw(store, 1, from_full=not from_full, now=now).granted
    assert draw(store, 1, from_full=from_full, now=now).granted


def test_callers_have_a_bucket_each(store: QuotaStore) -> None:
    draw(store, 10, from_full=True)

    assert draw(store, 10, from_full=True, by="payroll").granted


def test_a_bucket_that_no_clock_of_ours_can_have_left_is_full(store: QuotaStore) -> None:
    draw(store, 10, from_full=True, now=latest_at(NOW) + 1)

    assert not draw(store, 1).granted
    assert draw(store, 1, from_full=True).granted


def test_a_bucket_that_a_fast_clock_emptied_is_not_full(store: QuotaStore) -> None:
    draw(store, 10, from_full=True, now=latest_at(NOW))

    assert draw(store, 1, from_full=True) == Drawn(granted=False, empty_at=latest_at(NOW))


def test_of_many_who_draw_at_once_none_gets_anothers_permit(aws: Aws, tables: Tables) -> None:
    store = DynamoDbQuotas(aws.dynamodb, table=tables.tokens)
    draw(store, 1, from_full=True)

    drawn = at_once([lambda: draw(store, 2)] * 8)

    # Nine are left: four get two each.
    assert sum(each.granted for each in drawn) == 4


def test_an_item_goes_at_a_whole_second(aws: Aws, tables: Tables) -> None:
    store = DynamoDbQuotas(aws.dynamodb, table=tables.tokens)

    draw(store, 4, from_full=True, now=NOW + 500_000)

    assert tables.token_item(quota_pk("billing"))["ttl"] == {"N": str(NOW // SECOND + 10 + 3600)}


def test_a_permission_that_iam_does_not_know_yet_is_told_by_its_name(
    aws: Aws, tables: Tables
) -> None:
    client = aws.client("dynamodb")
    answer_with(client, "UpdateItem", status=400, code="AccessDeniedException")

    with pytest.raises(StoreAwayError) as caught:
        draw(DynamoDbQuotas(client, table=tables.tokens), 1)

    assert str(caught.value) == "dynamodb:UpdateItem was refused with AccessDeniedException"


def test_an_item_goes_when_its_bucket_has_long_been_full(aws: Aws, tables: Tables) -> None:
    draw(DynamoDbQuotas(aws.dynamodb, table=tables.tokens), 4, from_full=True)

    item = tables.token_item(quota_pk("billing"))

    assert item.keys() == {"pk", "empty_at", "ttl"}
    assert item["ttl"] == {"N": str(NOW // SECOND + 10 + 3600)}
