"""The provider misbehaves as a test sets it, and for as long."""

import time
from typing import Any

import pytest
import requests
from tests.demo_provider.asking import ask

from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.clients import Client


@pytest.fixture
def client(control: ProviderControl) -> Client:
    return control.add_client(scopes=["jobs_read"])


def test_a_status_with_retry_after(control: ProviderControl, client: Client) -> None:
    control.misbehave(client_id=client.client_id, status=429, retry_after="7", times=1)

    first, second = ask(control, client), ask(control, client)

    assert (first.status_code, first.headers["Retry-After"]) == (429, "7")
    assert second.status_code == 200
    assert [e.status for e in control.exchanges(client.client_id)] == [429, 200]


def test_an_error_with_status_200(control: ProviderControl, client: Client) -> None:
    control.misbehave(client_id=client.client_id, status=200, error="invalid_client")

    answer = ask(control, client)

    assert (answer.status_code, answer.json()) == (200, {"error": "invalid_client"})


@pytest.mark.parametrize(
    ("changed", "field", "value"),
    [
        pytest.param({"expires_in": "1799"}, "expires_in", "1799", id="a string"),
        pytest.param({"expires_in": None}, "expires_in", None, id="missing"),
        pytest.param({"token_type": "mac"}, "token_type", "mac", id="another type"),
        pytest.param({"scope": "jobs_read admin"}, "scope", "jobs_read admin", id="more scope"),
    ],
)
def test_odd_fields(
    control: ProviderControl, client: Client, changed: dict[str, Any], field: str, value: object
) -> None:
    control.misbehave(client_id=client.client_id, fields=changed)

    assert ask(control, client).json().get(field) == value


def test_an_html_page(control: ProviderControl, client: Client) -> None:
    control.misbehave(client_id=client.client_id, status=502, body="html")

    answer = ask(control, client)

    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")


def test_garbage_and_nothing(control: ProviderControl, client: Client) -> None:
    control.misbehave(client_id=client.client_id, body="garbage", times=1)
    control.misbehave(client_id=client.client_id, body="empty", times=1)

    with pytest.raises(ValueError, match="Expecting value"):
        ask(control, client).json()

    assert ask(control, client).content == b""


def test_half_a_body(control: ProviderControl, client: Client) -> None:
    control.misbehave(client_id=client.client_id, body="half")

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask(control, client)


def test_no_answer(control: ProviderControl, client: Client) -> None:
    control.misbehave(client_id=client.client_id, hang_up=True)

    with pytest.raises(requests.exceptions.ConnectionError):
        ask(control, client)


def test_a_redirect(control: ProviderControl, client: Client) -> None:
    control.misbehave(client_id=client.client_id, location="https://elsewhere.example/")

    answer = ask(control, client)

    assert (answer.status_code, answer.headers["Location"]) == (307, "https://elsewhere.example/")


def test_a_delay(control: ProviderControl, client: Client) -> None:
    control.misbehave(client_id=client.client_id, delay_seconds=0.3)
    started = time.monotonic()

    answer = ask(control, client)

    assert time.monotonic() - started >= 0.3
    assert answer.status_code == 200


def test_the_same_token_again(control: ProviderControl, client: Client) -> None:
    first = ask(control, client).json()["access_token"]
    control.misbehave(client_id=client.client_id, same_token=True)

    assert ask(control, client).json()["access_token"] == first


def test_one_clients_misbehaviour_is_not_anothers(control: ProviderControl, client: Client) -> None:
    other = control.add_client(scopes=["jobs_read"])
    control.misbehave(client_id=client.client_id, status=503)

    assert ask(control, other).status_code == 200


def test_it_behaves_again_when_told(control: ProviderControl, client: Client) -> None:
    control.misbehave(client_id=client.client_id, status=503)
    control.behave(client.client_id)

    assert ask(control, client).status_code == 200


def test_an_unknown_misbehaviour_is_refused(control: ProviderControl) -> None:
    with pytest.raises(RuntimeError, match="no such field: colour"):
        control.misbehave(colour="blue")
