"""A clock that is wrong is corrected by the time that AWS says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.faults import answer_with

from tokenvend.adapters.aws_clients import learn_time_from
from tokenvend.adapters.clock import SystemClock, machine_now

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ABOUT_NOW = timedelta(seconds=3)


def wrong_by(skew: timedelta) -> Callable[[], datetime]:
    return lambda: machine_now() + skew


@pytest.mark.parametrize("seconds", [-300.0, -2.5, 2.5, 300.0])
def test_clock_that_is_wrong_takes_awss_time(seconds: float) -> None:
    clock = SystemClock(lambda: NOON + timedelta(seconds=seconds))

    clock.learn(NOON)

    assert clock.now() == NOON


@pytest.mark.parametrize("seconds", [-2.0, 0.0, 0.7, 2.0])
def test_clock_that_is_right_keeps_its_fractions_of_a_second(seconds: float) -> None:
    clock = SystemClock(lambda: NOON + timedelta(seconds=seconds))

    clock.learn(NOON)

    assert clock.now() == NOON + timedelta(seconds=seconds)


def test_clock_that_has_been_set_right_is_corrected_no_more() -> None:
    wall = [NOON + timedelta(minutes=5)]
    clock = SystemClock(lambda: wall[0])
    clock.learn(NOON)
    wall[0] = NOON + timedelta(seconds=10)

    clock.learn(NOON + timedelta(seconds=10))

    assert clock.now() == NOON + timedelta(seconds=10)


@pytest.mark.parametrize("minutes", [-5, 5])
def test_each_answer_of_dynamodb_tells_the_time(aws: Aws, tables: Tables, minutes: int) -> None:
    client, clock = aws.client("dynamodb"), SystemClock(wrong_by(timedelta(minutes=minutes)))
    learn_time_from(client, clock.learn)

    client.get_item(TableName=tables.tokens, Key={"pk": {"S": "token#x"}})

    assert abs(clock.now() - machine_now()) < ABOUT_NOW


@pytest.mark.parametrize(
    "date",
    [
        pytest.param("", id="none"),
        pytest.param("yesterday", id="no date"),
        pytest.param("Sun, 01 Mar 2026 00:00:30", id="no zone"),
        pytest.param("Sun, 01 Mar 99999999999999999999999 00:00:00 GMT", id="a year of 23 digits"),
        pytest.param("0 JAN 0 0:3000000000", id="a minute of many digits"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 -2359", id="beyond the calendar"),
        pytest.param("Fri, 01 Jan 9999 00:00:00 GMT", id="the calendar's last year"),
    ],
)
def test_time_that_no_clock_can_take_tells_nothing(aws: Aws, tables: Tables, date: str) -> None:
    client, told = aws.client("dynamodb"), list[datetime]()
    client.meta.events.register("after-call", lambda parsed, **_: _date(parsed, date))
    learn_time_from(client, told.append)

    client.get_item(TableName=tables.tokens, Key={"pk": {"S": "token#x"}})

    assert told == []


def _date(parsed: dict[str, Any], date: str) -> None:
    parsed["ResponseMetadata"]["HTTPHeaders"]["date"] = date


def test_answer_without_a_time_tells_nothing(aws: Aws, tables: Tables) -> None:
    client, told = aws.client("dynamodb"), list[datetime]()
    learn_time_from(client, told.append)
    answer_with(client, "GetItem", status=400, code="ResourceNotFoundException")

    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_item(TableName=tables.tokens, Key={"pk": {"S": "token#x"}})

    assert told == []
