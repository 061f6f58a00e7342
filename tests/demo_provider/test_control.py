"""The control listener shows itself only to who has the key."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import requests
from tests.demo_provider.asking import ask

from tokenvend_local.demo_provider.__main__ import KEY_VARIABLE
from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.provider import Provider


@pytest.mark.parametrize("headers", [{}, {"X-Control-Key": "guess"}], ids=["none", "wrong"])
def test_without_the_key_nothing_is_told(provider: Provider, headers: dict[str, str]) -> None:
    answer = requests.get(provider.control.url + "/secret-values", headers=headers, timeout=30)

    assert answer.status_code == 403


def test_controls_are_not_on_the_worlds_listener(provider: Provider) -> None:
    answer = requests.get(
        provider.provider.url + "/secret-values",
        headers={"X-Control-Key": "control-key"},
        timeout=30,
    )

    assert answer.status_code == 404


def test_every_secret_value_is_known_for_searching(control: ProviderControl) -> None:
    client = control.add_client(scopes=["jobs_read"], api_key="k" * 32)
    token = ask(control, client).json()["access_token"]

    assert {client.client_secret, "k" * 32, token} <= set(control.secret_values())


def test_a_token_is_known_by_its_value_and_nothing_else_is(control: ProviderControl) -> None:
    client = control.add_client(scopes=["jobs_read"], lifetime_seconds=7)

    issued = control.issued(ask(control, client).json()["access_token"])

    assert issued is not None
    assert (issued.client_id, issued.scopes) == (client.client_id, ("jobs_read",))
    assert 0 < issued.expires_at - time.time() <= 7
    assert control.issued("another") is None


def test_a_changed_secret_ends_the_old_one(control: ProviderControl) -> None:
    client = control.add_client(scopes=["jobs_read"])

    changed = control.change_secret(client)

    assert (ask(control, client).status_code, ask(control, changed).status_code) == (401, 200)


def test_an_exchange_is_recorded_from_its_beginning_to_its_end(control: ProviderControl) -> None:
    client = control.add_client(scopes=["jobs_read"])
    control.misbehave(client_id=client.client_id, delay_seconds=0.2)

    ask(control, client)

    (exchange,) = control.exchanges(client.client_id)
    assert 0.2 <= exchange.at - exchange.began_at < 10


def test_an_exchange_is_recorded_as_it_was_asked(control: ProviderControl) -> None:
    client = control.add_client(scopes=["jobs_read"])

    ask(control, client, form={"scope": "jobs_read", "company_id": "7"})

    (exchange,) = control.exchanges(client.client_id)
    assert (exchange.status, exchange.scope, exchange.extra) == (
        200,
        "jobs_read",
        {"company_id": "7"},
    )


def test_as_a_process_it_says_where_it_is_and_stops_when_told() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tokenvend_local.demo_provider"],
        env={**os.environ, KEY_VARIABLE: "key"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        control = ProviderControl(where["control_url"], "key", where["url"])
        client = control.add_client(scopes=["jobs_read"])
        token = ask(control, client).json()["access_token"]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)

    assert process.returncode == 0
    assert "POST /identity/oauth/token 200" in err
    assert token not in out + err
    assert client.client_secret not in out + err
