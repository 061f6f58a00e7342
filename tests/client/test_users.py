"""A signed-in user's own token opens that user's connection and no other's."""

import asyncio
from typing import Any

import pytest

from tokenvend.domain.users import User
from tokenvend_client import (
    AccountChangedError,
    Client,
    Connection,
    ConsentRequiredError,
    DirectInvocation,
    OAuthClient,
    RefusedError,
    WorkloadToken,
)
from tokenvend_client.errors import Failure
from tokenvend_client.request import Call
from tokenvend_client.requests import TokenAuth
from tokenvend_client.secret import Secret
from tokenvend_client.testing import FakeTokenvend, ManualClock, user_token
from tokenvend_client.user_token import UserToken
from tokenvend_client.ways_in import WayIn

RETURN_URL = "https://careers.example.com/connected"


def connect(fake: FakeTokenvend, client: Client, user: str, account: str = "a-1") -> Connection:
    hiring = client.connections("hiring").of_user(user)
    code = fake.consent(hiring.start(return_url=RETURN_URL).connect_url, account=account)
    return hiring.complete(code)


def test_a_user_goes_from_start_to_a_token_without_a_name(
    fake: FakeTokenvend, client: Client, ada: str
) -> None:
    done = connect(fake, client, ada)
    hiring = client.connections("hiring").of_user(ada)

    assert (done.connection, done.status) == (UserToken(ada).connection_name, "active")
    assert hiring.inspect() == done
    assert client.token("hiring", subject_token=ada).reveal() == "fake-hiring-1"
    assert all("connection" not in call.parameters for call in fake.calls)
    assert hiring.disconnect()
    with pytest.raises(ConsentRequiredError):
        client.token("hiring", subject_token=ada)


def test_the_fake_names_a_users_connection_as_the_service_does(ada: str) -> None:
    user = User("https://login.example.com", "ada", "app")

    assert UserToken(ada).connection_name == user.connection_name


def test_users_share_no_token(fake: FakeTokenvend, client: Client, ada: str, bob: str) -> None:
    for user in (ada, bob):
        connect(fake, client, user)

    got = [client.token("hiring", subject_token=user).reveal() for user in (ada, bob, ada, bob)]

    assert got == ["fake-hiring-1", "fake-hiring-2"] * 2
    assert fake.exchanges == 2
    with pytest.raises(ConsentRequiredError):
        client.token("hiring", subject_token=user_token("eve"))


def test_a_token_in_hand_is_given_for_that_users_token_alone(
    fake: FakeTokenvend, client: Client, ada: str, clock: ManualClock
) -> None:
    """Only tokenvend can say whether another text is the same user's token, or a forged one."""
    connect(fake, client, ada)
    first = client.token("hiring", subject_token=ada)
    asked = len(fake.calls)

    assert client.token("hiring", subject_token=ada) is first
    assert client.token("hiring", subject_token=Secret(ada)) is first
    assert len(fake.calls) == asked
    client.token("hiring", subject_token=user_token("ada", now=clock.wall() + 1))
    assert len(fake.calls) == asked + 1


def test_a_token_in_hand_ends_with_the_users_token(
    fake: FakeTokenvend, client: Client, clock: ManualClock
) -> None:
    short = user_token("ada", now=clock.wall(), expires_in=60)
    connect(fake, client, short)
    client.token("hiring", subject_token=short)
    asked = len(fake.calls)

    clock.advance(59)
    client.token("hiring", subject_token=short)
    assert len(fake.calls) == asked
    clock.advance(2)
    client.token("hiring", subject_token=short)
    assert len(fake.calls) == asked + 1


def test_a_new_consent_takes_what_is_cached_under_every_token_of_the_user(
    fake: FakeTokenvend, client: Client, ada: str, bob: str, clock: ManualClock
) -> None:
    later = user_token("ada", now=clock.wall() + 1)
    connect(fake, client, ada)
    connect(fake, client, bob)
    for user in (ada, later, bob):
        client.token("hiring", subject_token=user)

    connect(fake, client, later)
    asked = len(fake.calls)
    for user in (ada, later, bob):
        client.token("hiring", subject_token=user)

    assert len(fake.calls) == asked + 2


def test_a_code_completes_for_its_own_user_alone(
    fake: FakeTokenvend, client: Client, ada: str, bob: str
) -> None:
    hiring = client.connections("hiring")
    code = fake.consent(hiring.of_user(ada).start(return_url=RETURN_URL).connect_url)
    fake.consent(hiring.of_user(bob).start(return_url=RETURN_URL).connect_url)

    with pytest.raises(RefusedError) as caught:
        hiring.of_user(bob).complete(code)

    assert caught.value.code == "invalid_grant"
    assert hiring.of_user(ada).complete(code).status == "active"


def test_another_account_must_be_meant(fake: FakeTokenvend, client: Client, ada: str) -> None:
    connect(fake, client, ada)
    hiring = client.connections("hiring").of_user(ada)
    code = fake.consent(hiring.start(return_url=RETURN_URL).connect_url, account="a-2")

    with pytest.raises(AccountChangedError):
        hiring.complete(code)

    assert hiring.complete(Secret(code), may_change_account=True).account == "a-2"


def test_each_step_has_its_like_for_asyncio(fake: FakeTokenvend, client: Client, ada: str) -> None:
    async def go() -> list[object]:
        hiring = client.connections("hiring").of_user(ada)
        link = await hiring.start_async(return_url=RETURN_URL, scope="jobs_read")
        done = await hiring.complete_async(fake.consent(link.connect_url))
        token = await client.token_async("hiring", subject_token=ada)
        return [done, await hiring.inspect_async(), token, await hiring.disconnect_async()]

    done, inspected, token, gone = asyncio.run(go())

    assert done == inspected
    assert token is not None
    assert gone is True


def test_an_auth_object_is_one_users(fake: FakeTokenvend, client: Client, ada: str) -> None:
    fake.connect("hiring", subject_token=ada)
    auth = TokenAuth(client, "hiring", subject_token=ada)

    assert auth._arguments.token().reveal() == "fake-hiring-1"


def test_a_reported_token_is_reported_for_its_user(
    fake: FakeTokenvend, client: Client, ada: str, bob: str
) -> None:
    for user in (ada, bob):
        fake.connect("hiring", subject_token=user)
    refused = client.token("hiring", subject_token=ada)
    kept = client.token("hiring", subject_token=bob)

    assert client.replace(refused).reveal() == "fake-hiring-3"
    assert client.token("hiring", subject_token=bob) is kept
    assert [call.user for call in fake.calls if call.path == "token/reject"] == [UserToken(ada)]


def test_a_credential_that_acts_for_users_needs_no_consent_and_a_user(
    fake: FakeTokenvend, client: Client, ada: str, bob: str
) -> None:
    fake.act_for_users("mail")

    got = [client.token("mail", subject_token=user).reveal() for user in (ada, bob, ada)]

    assert got == ["fake-mail-1", "fake-mail-2", "fake-mail-1"]
    with pytest.raises(RefusedError, match="invalid_request"):
        client.token("mail")


def test_a_client_and_an_alias_bring_their_users(
    fake: FakeTokenvend, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    fake.connect("hiring", subject_token=ada)
    with fake.serve() as url:
        ways: list[WayIn] = [
            OAuthClient(url, "ci", "any"),
            DirectInvocation("tokenvend-direct:ci", region="eu-west-1", endpoint=url),
        ]
        got = [Client(way).token("hiring", subject_token=ada).reveal() for way in ways]

    assert got == ["fake-hiring-1"] * 2
    assert [call.user for call in fake.calls] == [UserToken(ada)] * 2
    assert not [call for call in fake.calls if "subject_token" in call.parameters]


@pytest.mark.parametrize("way", ["oauth2", "direct"])
def test_a_workload_that_has_sent_its_own_token_cannot_send_a_users(
    fake: FakeTokenvend, ada: str, way: str
) -> None:
    with fake.serve() as url:
        ways: dict[str, Any] = {
            "oauth2": WorkloadToken(url, lambda: Secret("platform")),
            "direct": DirectInvocation(
                "tokenvend-direct:Workloads",
                region="eu-west-1",
                endpoint=url,
                subject_token=lambda: Secret("platform"),
            ),
        }
        outcome = ways[way].send(Call("hiring", user=UserToken(ada)), timeout_seconds=5)

    assert isinstance(outcome, Failure)
    assert fake.calls == []


@pytest.mark.parametrize("asynchronously", [False, True])
def test_a_user_starts_at_the_host_of_its_own_organisation(
    fake: FakeTokenvend, client: Client, ada: str, *, asynchronously: bool
) -> None:
    shops = client.connections("shops").of_user(ada)
    values = {"domain": "acme.shops.example"}

    if asynchronously:
        asyncio.run(shops.start_async(return_url=RETURN_URL, tenant_values=values))
    else:
        shops.start(return_url=RETURN_URL, tenant_values=values)

    assert fake.calls[0].parameters["tenant.domain"] == "acme.shops.example"
