"""The API takes bearer tokens and API keys, and keeps scopes and rates apart."""

import pytest
from tests.demo_provider.asking import ask, call

from tokenvend_local.demo_provider.api import CONCURRENT_REQUESTS, REQUESTS_PER_SECOND, RateLimit
from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.clients import Book, Client


def test_a_token_with_the_scope_gets_in(control: ProviderControl) -> None:
    client = control.add_client(scopes=["jobs_read"], company="Bakery")
    token = ask(control, client).json()["access_token"]

    answer = call(control, "/jobs", Authorization=f"Bearer {token}")

    assert answer.status_code == 200
    assert answer.json()["company"] == "Bakery"
    assert answer.headers["X-RateLimit-Limit"] == "10"
    assert answer.headers["X-RateLimit-Concurrent-Limit"] == "8"


def test_a_token_without_the_scope_is_told_so(control: ProviderControl) -> None:
    token = ask(control, control.add_client(scopes=["jobs_read"])).json()["access_token"]

    answer = call(control, "/users/me", Authorization=f"Bearer {token}")

    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "OAuthPermissionsException"


def test_an_api_key_reaches_everything(control: ProviderControl) -> None:
    control.add_client(api_key="a" * 32)

    assert call(control, "/users/me", X_SmartToken="a" * 32).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"Authorization": "Bearer unknown"}, id="unknown token"),
        pytest.param({"X_SmartToken": "b" * 32}, id="unknown key"),
    ],
)
def test_nobody_gets_in_unproven(control: ProviderControl, headers: dict[str, str]) -> None:
    assert call(control, "/users/me", **headers).status_code == 401


def test_an_eleventh_request_in_one_second_waits_for_the_next() -> None:
    now = 100.0
    limit = RateLimit(lambda: now)
    for _ in range(REQUESTS_PER_SECOND):
        with limit.admit("c") as (admitted, _):
            assert admitted

    with limit.admit("c") as (eleventh, headers):
        assert not eleventh
        assert headers["X-RateLimit-Remaining"] == "0"
    now = 101.0
    with limit.admit("c") as (later, _):
        assert later


def test_a_ninth_request_at_once_is_refused() -> None:
    limit = RateLimit(lambda: 0.0)
    opened = [limit.admit("c") for _ in range(CONCURRENT_REQUESTS + 1)]

    admitted = [context.__enter__()[0] for context in opened]

    assert admitted == [True] * CONCURRENT_REQUESTS + [False]


def test_an_expired_token_is_no_token() -> None:
    now = 1000.0
    book = Book(lambda: now)
    client = Client(client_id="c", client_secret="s", lifetime_seconds=60)
    book.add_client(client)
    token = book.issue(client, (), None)
    before = book.token(token.value)

    now = 1060.0

    assert before == token
    assert book.token(token.value) is None
