"""The token endpoint does what SmartRecruiters and the RFCs say."""

import pytest
import requests
from tests.demo_provider.asking import ask, call

from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.clients import Flavour

STANDARD = Flavour.STANDARD


def test_a_smartrecruiters_token_lives_1799_seconds_and_carries_all_scopes(
    control: ProviderControl,
) -> None:
    client = control.add_client(scopes=["jobs_read", "users_read"])

    answer = ask(control, client, form={"scope": "jobs_read"})

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["expires_in"] == 1799
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["scope"] == "jobs_read users_read"


@pytest.mark.parametrize("scope", ["", "candidates_read"])
def test_an_empty_scope_or_one_too_many_is_invalid(control: ProviderControl, scope: str) -> None:
    client = control.add_client(scopes=["jobs_read"])

    answer = ask(control, client, form={"scope": scope})

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_smartrecruiters_takes_no_basic_authentication(control: ProviderControl) -> None:
    answer = ask(control, control.add_client(), basic=True)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("basic", [True, False], ids=["basic", "post"])
def test_the_standard_flavour_narrows(control: ProviderControl, *, basic: bool) -> None:
    client = control.add_client(flavour=STANDARD, scopes=["reports:read", "reports:write"])

    answer = ask(control, client, basic=basic, form={"scope": "reports:read"})

    assert answer.json()["scope"] == "reports:read"
    method = "client_secret_basic" if basic else "client_secret_post"
    assert [e.authentication for e in control.exchanges(client.client_id)] == [method]


@pytest.mark.parametrize("parameter", ["audience", "resource"])
def test_the_standard_flavour_knows_targets(control: ProviderControl, parameter: str) -> None:
    client = control.add_client(
        flavour=STANDARD, scopes=["reports:read"], targets=["https://reports.example"]
    )

    good = ask(control, client, form={parameter: "https://reports.example"})
    bad = ask(control, client, form={parameter: "https://payroll.example"})

    assert good.status_code == 200
    assert (bad.status_code, bad.json()["error"]) == (400, "invalid_target")


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        pytest.param({"client_secret": "wrong"}, 401, "invalid_client", id="wrong secret"),
        pytest.param({"client_id": "nobody"}, 401, "invalid_client", id="unknown client"),
        pytest.param({"grant_type": "password"}, 400, "unsupported_grant_type", id="grant type"),
    ],
)
def test_refuses(control: ProviderControl, form: dict[str, str], status: int, code: str) -> None:
    client = control.add_client(scopes=["jobs_read"])

    answer = ask(control, client, form=form)

    assert (answer.status_code, answer.json()["error"]) == (status, code)


def test_a_client_of_one_flavour_is_unknown_to_the_other(control: ProviderControl) -> None:
    client = control.add_client(flavour=STANDARD)

    answer = requests.post(
        control.token_endpoint(Flavour.SMARTRECRUITERS),
        data={"client_id": client.client_id, "client_secret": client.client_secret},
        timeout=30,
    )

    assert answer.json()["error"] == "invalid_client"


def test_a_repeated_parameter_is_refused(control: ProviderControl) -> None:
    client = control.add_client(scopes=["jobs_read"])

    answer = ask(control, client, form={"scope": ["jobs_read", "jobs_read"]})

    assert answer.json()["error"] == "invalid_request"


def test_a_revoked_token_opens_nothing(control: ProviderControl) -> None:
    client = control.add_client(flavour=STANDARD, scopes=["reports:read"])
    token = ask(control, client).json()["access_token"]
    before = call(control, "/reports", Authorization=f"Bearer {token}")

    revoked = requests.post(
        control.url + "/oauth2/revoke",
        data={"token": token},
        auth=(client.client_id, client.client_secret),
        timeout=30,
    )

    assert (before.status_code, revoked.status_code) == (200, 200)
    assert call(control, "/reports", Authorization=f"Bearer {token}").status_code == 401


def test_discovery_names_the_endpoints(control: ProviderControl) -> None:
    document = call(control, "/.well-known/openid-configuration").json()

    assert document["issuer"] == control.url
    assert document["token_endpoint"] == control.token_endpoint(STANDARD)
