"""A client, the tokenvend that it asks, and a time that a test moves."""

import pytest

from tokenvend_client import Client
from tokenvend_client.testing import FakeTokenvend, ManualClock, user_token
from tokenvend_client.ways_in.choose import VARIABLES


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def fake(clock: ManualClock) -> FakeTokenvend:
    return FakeTokenvend(clock=clock)


@pytest.fixture
def client(fake: FakeTokenvend) -> Client:
    return fake.client()


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer's own environment says decides nothing here."""
    for name in (*VARIABLES, "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def ada(clock: ManualClock) -> str:
    return user_token("ada", now=clock.wall())


@pytest.fixture
def bob(clock: ManualClock) -> str:
    return user_token("bob", now=clock.wall())
