"""Users' consents: each step, and what the cache does with them."""

import asyncio
from datetime import UTC, datetime

import pytest
from tests.client.secrets_shown import shown_by

from tokenvend_client import (
    AccountChangedError,
    Client,
    Connection,
    ConsentRequiredError,
    RefusedError,
    TemporarilyUnavailableError,
)
from tokenvend_client.testing import FakeTokenvend, ManualClock

RETURN_URL = "https://careers.example.com/connected"


def connect(fake: FakeTokenvend, client: Client, user: str, account: str = "a-1") -> Connection:
    hiring = client.connections("hiring")
    link = hiring.start(user, return_url=RETURN_URL, scope="jobs_read")
    return hiring.complete(user, fake.consent(link.connect_url, account=account))


def test_a_consent_goes_from_start_to_a_token(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    hiring = client.connections("hiring")
    link = hiring.start("user-17", return_url=RETURN_URL, scope=["jobs_read"])
    with pytest.raises(RefusedError, match="invalid_target"):
        hiring.inspect("user-17")
    code = fake.consent(link.connect_url, account="a-1")
    assert hiring.inspect("user-17") == Connection("user-17", "pending")
    with pytest.raises(ConsentRequiredError):
        client.token("hiring", connection="user-17")

    done = hiring.complete("user-17", code)

    assert done == hiring.inspect("user-17")
    assert (done.status, done.scope, done.account) == ("active", "jobs_read", "a-1")
    assert done.connected_at == datetime.fromtimestamp(int(clock.wall()), UTC)
    assert done.refresh_expires_at is None
    assert client.token("hiring", connection="user-17").reveal() == "fake-hiring-1"
    assert fake.calls[0].parameters == {
        "connection": "user-17",
        "return_url": RETURN_URL,
        "scope": "jobs_read",
    }


def test_all_are_listed(fake: FakeTokenvend, client: Client) -> None:
    connect(fake, client, "user-1")
    for credential, user in (("hiring", "user-2"), ("other", "user-3")):
        link = client.connections(credential).start(user, return_url=RETURN_URL)
        fake.consent(link.connect_url)
    client.connections("hiring").start("user-4", return_url=RETURN_URL)

    listed = client.connections("hiring").list()

    assert [(each.connection, each.status) for each in listed] == [
        ("user-1", "active"),
        ("user-2", "pending"),
    ]


def test_a_code_completes_nothing_but_its_own_connection(
    fake: FakeTokenvend, client: Client
) -> None:
    hiring = client.connections("hiring")
    link = hiring.start("user-17", return_url=RETURN_URL)
    fake.consent(hiring.start("user-18", return_url=RETURN_URL).connect_url)
    code = fake.consent(link.connect_url)

    for connection, given in (("user-18", code), ("user-17", "x" * 40)):
        with pytest.raises(RefusedError) as caught:
            hiring.complete(connection, given)
        assert caught.value.code == "invalid_grant"
        assert given not in shown_by(caught.value)
    hiring.complete("user-17", code)
    with pytest.raises(RefusedError):
        hiring.complete("user-17", code)


def test_another_account_must_be_meant(fake: FakeTokenvend, client: Client) -> None:
    connect(fake, client, "user-17", account="a-1")
    hiring = client.connections("hiring")
    code = fake.consent(hiring.start("user-17", return_url=RETURN_URL).connect_url, account="a-2")

    with pytest.raises(AccountChangedError):
        hiring.complete("user-17", code)

    assert hiring.complete("user-17", code, may_change_account=True).account == "a-2"


def test_a_new_consent_takes_the_token_of_the_old_one_from_memory(
    fake: FakeTokenvend, client: Client
) -> None:
    connect(fake, client, "user-17")
    fake.connect("hiring-2", "user-17")
    client.token("hiring", connection="user-17")
    client.token("hiring", connection="user-17", scope="jobs_read")
    other = client.token("hiring-2", connection="user-17")
    asked = len(fake.calls)

    connect(fake, client, "user-17")
    client.token("hiring", connection="user-17")
    client.token("hiring", connection="user-17", scope="jobs_read")

    assert len(fake.calls) == asked + 4
    assert client.token("hiring-2", connection="user-17") is other


def test_a_connection_that_is_gone_has_no_token_any_more(
    fake: FakeTokenvend, client: Client
) -> None:
    connect(fake, client, "user-17")
    client.token("hiring", connection="user-17")

    assert client.connections("hiring").disconnect("user-17")

    with pytest.raises(ConsentRequiredError):
        client.token("hiring", connection="user-17")
    with pytest.raises(RefusedError):
        client.connections("hiring").inspect("user-17")


def test_nothing_that_changes_something_is_sent_twice(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    fake.go_away()
    hiring = client.connections("hiring")

    for act in (
        lambda: hiring.start("user-17", return_url=RETURN_URL),
        lambda: hiring.complete("user-17", "x" * 40),
        lambda: hiring.disconnect("user-17"),
    ):
        with pytest.raises(TemporarilyUnavailableError):
            act()

    assert len(fake.calls) == 3
    assert clock.pauses == []


def test_each_step_has_its_like_for_asyncio(fake: FakeTokenvend, client: Client) -> None:
    async def go() -> list[object]:
        hiring = client.connections("hiring")
        link = await hiring.start_async("user-17", return_url=RETURN_URL)
        done = await hiring.complete_async("user-17", fake.consent(link.connect_url))
        return [
            done,
            await hiring.inspect_async("user-17"),
            *await hiring.list_async(),
            await hiring.disconnect_async("user-17"),
            *await hiring.list_async(),
        ]

    done, inspected, listed, gone = asyncio.run(go())

    assert done == inspected == listed
    assert gone is True


def test_a_link_is_not_shown(client: Client) -> None:
    link = client.connections("hiring").start("user-17", return_url=RETURN_URL)

    assert link.connect_url.startswith("https://")
    assert link.connect_url not in repr(link)


@pytest.mark.parametrize("asynchronously", [False, True])
def test_values_of_the_users_own_organisation_are_sent_at_the_start(
    fake: FakeTokenvend, client: Client, *, asynchronously: bool
) -> None:
    shops = client.connections("shops")
    values = {"domain": "acme.shops.example"}

    if asynchronously:
        asyncio.run(shops.start_async("user-17", return_url=RETURN_URL, tenant_values=values))
    else:
        shops.start("user-17", return_url=RETURN_URL, tenant_values=values)

    assert fake.calls[0].parameters == {
        "connection": "user-17",
        "return_url": RETURN_URL,
        "tenant.domain": "acme.shops.example",
    }
