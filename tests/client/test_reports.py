"""An API refused a token: one report, and the next token for everybody."""

import threading

import pytest

from tokenvend_client import Client, TemporarilyUnavailableError
from tokenvend_client.cached_token import AGAIN_AFTER_REPORT
from tokenvend_client.slot import REPORT_AGAIN_AFTER
from tokenvend_client.testing import FakeTokenvend, ManualClock


def paths(fake: FakeTokenvend) -> list[str]:
    return [call.path for call in fake.calls]


def test_a_reported_token_is_replaced(fake: FakeTokenvend, client: Client) -> None:
    refused = client.token("sr-jobs", scope="jobs_read")

    another = client.replace(refused)

    assert another.reveal() == "fake-sr-jobs-2"
    assert client.token("sr-jobs", scope="jobs_read") is another
    report = fake.calls[1]
    assert report.path == "token/reject"
    assert report.parameters == {"scope": "jobs_read", "token_sha256": refused.token_sha256}


def test_who_reports_what_was_replaced_meanwhile_gets_the_next_without_a_call(
    fake: FakeTokenvend, client: Client
) -> None:
    refused = client.token("sr-jobs")
    another = client.replace(refused)

    assert client.replace(refused) is another
    assert paths(fake) == ["token", "token/reject", "token"]


def test_however_many_report_at_once_tokenvend_hears_of_it_once(
    fake: FakeTokenvend, client: Client
) -> None:
    refused = client.token("sr-jobs")
    together = threading.Barrier(20)
    got: list[str] = []

    def report() -> None:
        together.wait()
        got.append(client.replace(refused).reveal())

    threads = [threading.Thread(target=report) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert got == ["fake-sr-jobs-2"] * 20
    assert paths(fake) == ["token", "token/reject", "token"]


def test_the_same_token_again_is_not_reported_in_a_storm(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    refused = client.token("sr-jobs")
    # tokenvend answers a refused token until there is another.
    kept = dict(fake._issued)
    fake.during(lambda _: fake._issued.update(kept))

    for _ in range(50):
        assert client.replace(refused).token_sha256 == refused.token_sha256
    assert paths(fake) == ["token", "token/reject", "token"]
    clock.advance(AGAIN_AFTER_REPORT + 0.1)
    client.token("sr-jobs")
    assert paths(fake).count("token") == 3
    clock.advance(REPORT_AGAIN_AFTER)
    client.replace(refused)

    assert paths(fake).count("token/reject") == 2


def test_a_report_that_reaches_nobody_leaves_the_valid_token(
    fake: FakeTokenvend, client: Client
) -> None:
    refused = client.token("sr-jobs")
    fake.go_away(retry_after_seconds=60)

    assert client.replace(refused) is refused


def test_a_token_that_ended_is_not_reported(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    ended = client.token("sr-jobs")
    clock.advance(1801)

    assert client.replace(ended).reveal() == "fake-sr-jobs-2"
    assert paths(fake) == ["token", "token"]


def test_nobody_waits_for_ever_for_a_replacement(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    refused = client.token("sr-jobs")
    clock.advance(1799)
    fake.go_away(retry_after_seconds=60)
    client.replace(refused)
    clock.advance(2)

    with pytest.raises(TemporarilyUnavailableError):
        client.token("sr-jobs")


def test_a_token_that_memory_has_lost_is_reported_all_the_same(
    fake: FakeTokenvend, client: Client
) -> None:
    refused = client.token("sr-jobs")

    assert fake.client().replace(refused).reveal() == "fake-sr-jobs-2"
    assert paths(fake) == ["token", "token/reject", "token"]


def test_reports_do_not_reach_for_a_tokenvend_that_is_away(
    fake: FakeTokenvend, client: Client
) -> None:
    refused = client.token("sr-jobs")
    fake.go_away(retry_after_seconds=60)

    for _ in range(50):
        assert client.replace(refused) is refused

    assert paths(fake) == ["token", "token/reject", "token"]
