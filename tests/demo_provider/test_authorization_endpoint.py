"""Users decide as at SmartRecruiters, or by the book with PKCE and `iss`."""

import pytest
import requests
from tests.demo_provider.asking import TIMEOUT_SECONDS, ask, call
from tests.demo_provider.consenting import (
    CALLBACK,
    SCOPES,
    asking,
    decide,
    exchange,
    new_client,
    sent_back,
)

from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.clients import Flavour


@pytest.mark.parametrize("flavour", Flavour)
def test_a_user_who_allows_is_who_the_token_is_of(
    control: ProviderControl, flavour: Flavour
) -> None:
    client = new_client(control, flavour)

    back = sent_back(decide(control, client, asking(client), user="grace"))
    token = exchange(control, client, back["code"]).json()

    me = call(control, "/users/me", Authorization=f"Bearer {token['access_token']}").json()
    assert back["state"] == "a state"
    assert ("iss" in back) == (flavour is Flavour.STANDARD)
    assert me["id"] == "grace"
    assert token["scope"].split() == list(SCOPES)
    assert token["refresh_token"]


def test_the_page_shows_users_and_scopes(control: ProviderControl) -> None:
    client = new_client(control)

    page = requests.get(
        control.authorization_endpoint(), params=asking(client), timeout=TIMEOUT_SECONDS
    )

    assert page.status_code == 200
    for word in ("Ada Lovelace", "jobs_read", "Allow", "Deny"):
        assert word in page.text


def test_a_user_may_deny_or_allow_less(control: ProviderControl) -> None:
    client = new_client(control)

    denied = sent_back(decide(control, client, asking(client), decision="deny"))
    answer = requests.post(
        control.authorization_endpoint(),
        data={
            **asking(client),
            "user": "ada",
            "decision": "allow",
            "allow_jobs_read": "yes",
        },
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,
    )

    assert denied == {"error": "access_denied", "state": "a state"}
    assert exchange(control, client, sent_back(answer)["code"]).json()["scope"] == "jobs_read"


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": None},
        {"client_id": "nobody"},
    ],
    ids=str,
)
def test_nobody_is_redirected_to_a_place_that_is_not_the_clients(
    control: ProviderControl, changes: dict[str, str | None]
) -> None:
    client = new_client(control)

    answer = decide(control, client, asking(client, **changes))

    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "jobs_manage"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
    ids=str,
)
def test_other_mistakes_are_sent_back(
    control: ProviderControl, changes: dict[str, str | None], error: str
) -> None:
    client = new_client(control)

    assert sent_back(decide(control, client, asking(client, **changes)))["error"] == error


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"redirect_uri": CALLBACK + "/"},
        {"code": "made-up"},
    ],
    ids=str,
)
def test_a_code_is_for_who_asked_for_it(control: ProviderControl, changes: dict[str, str]) -> None:
    client = new_client(control)
    code = sent_back(decide(control, client, asking(client)))["code"]

    refused = exchange(control, client, **{"code": code, **changes})

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_codes_and_refresh_tokens_are_good_for_one_use(control: ProviderControl) -> None:
    client, other = new_client(control), new_client(control)
    code = sent_back(decide(control, client, asking(client)))["code"]

    stolen = exchange(control, other, code)
    first = exchange(control, client, code).json()
    again = exchange(control, client, code)
    renewing = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = ask(control, client, form=renewing)
    redeemed = ask(control, client, form=renewing)

    assert stolen.json()["error"] == again.json()["error"] == redeemed.json()["error"]
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]


def test_no_code_or_token_is_in_the_record_of_exchanges(control: ProviderControl) -> None:
    client = new_client(control)
    code = sent_back(decide(control, client, asking(client)))["code"]

    exchange(control, client, code)

    (record,) = control.exchanges(client.client_id)
    assert record.extra == {}
    assert code in control.secret_values()
