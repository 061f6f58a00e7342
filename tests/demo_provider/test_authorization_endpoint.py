"""Users decide as at SmartRecruiters, or by the book with PKCE and `iss`."""

import base64
import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from tests.demo_provider.asking import TIMEOUT_SECONDS, ask, call

from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.clients import Client, Flavour

CALLBACK = "https://connect.example/callback/hiring"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
SCOPES = ("jobs_read", "user_me_read")


def new_client(control: ProviderControl, flavour: Flavour = Flavour.SMARTRECRUITERS) -> Client:
    return control.add_client(flavour=flavour, scopes=SCOPES, redirect_uris=[CALLBACK])


def asking(client: Client, **changes: str | None) -> dict[str, str]:
    parameters: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": CALLBACK,
        "state": "a state",
        "code_challenge": CHALLENGE.decode(),
        "code_challenge_method": "S256",
        **changes,
    }
    return {name: value for name, value in parameters.items() if value is not None}


def decide(
    control: ProviderControl, client: Client, parameters: Mapping[str, str], **form: str
) -> requests.Response:
    decision = {"user": "ada", "decision": "allow"} | {f"allow_{s}": "yes" for s in SCOPES}
    return requests.post(
        control.authorization_endpoint(client.flavour),
        data={**parameters, **decision, **form},
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,
    )


def sent_back(answer: requests.Response) -> dict[str, str]:
    location = answer.headers["Location"]
    assert location.startswith(CALLBACK + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def exchange(
    control: ProviderControl, client: Client, code: str, **changes: str
) -> requests.Response:
    form = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER, **changes}
    return ask(control, client, form={"grant_type": "authorization_code", **form})


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
