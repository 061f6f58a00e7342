"""Users consent at the npm `oidc-provider`, which nobody here wrote: PKCE, `iss`, rotation."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from tests.local_stack.node_provider import USER_SCOPES, NodeProvider, node_provider_running
from tests.local_stack.world import World

from tokenvend_local.asking import ask_signed, connect_signed
from tokenvend_local.browsing import Browser
from tokenvend_local.stack import LocalStack

RETURN_URL = "http://127.0.0.1:9/connected"
CREDENTIAL = "orders-users"
#: Nobody looks there: no client of this provider signs with keys that are published.
JWKS = "https://keys.example/jwks.json"


@pytest.fixture(scope="module")
def provider(stack: LocalStack, world: World) -> Iterator[NodeProvider]:
    redirect_uri = f"{stack.deployed.pages_url}/callback/{CREDENTIAL}"
    log = stack.folder / "node-provider-consents.log"
    with node_provider_running(log, jwks_uri=JWKS, redirect_uris=[redirect_uri]) as running:
        yield running
        world.withdraw(CREDENTIAL)


def test_a_user_consents_and_the_connection_is_vended_from(
    stack: LocalStack, world: World, provider: NodeProvider, keep_out_of_logs: set[str]
) -> None:
    name = world.name("shop")
    role = world.role(name)
    world.foreign_credential(
        CREDENTIAL,
        {"issuer": provider.issuer, "authorization_parameters": {"prompt": "consent"}},
        client_id=provider.consents.client_id,
        client_secret=provider.consents.client_secret,
        scopes=USER_SCOPES,
        kind="authorization_code",
        redirect_uri=world.redirect_uri(CREDENTIAL),
    )
    world.caller(name, iam=role, title="Order desk")
    world.grant(name, CREDENTIAL, return_urls=[RETURN_URL])
    world.apply()
    browser = Browser()

    started = connect_signed(
        *(stack.deployed, role, CREDENTIAL, "start"), connection="ada", return_url=RETURN_URL
    )
    asked = browser.open(started.document["connect_url"])
    left = browser.press(asked, next(iter(asked.forms[0].buttons)))
    login = browser.go_on(left)
    allowing = browser.press(login, "Sign-in", {"login": "ada", "password": "any"})
    returned = browser.press(allowing, "Continue")
    assert returned.moves_to is not None, returned.text
    code = parse_qs(urlsplit(returned.moves_to).query)["code"][0]
    completed = connect_signed(
        *(stack.deployed, role, CREDENTIAL, "complete"), connection="ada", code=code
    )
    vended = ask_signed(stack.deployed, role, CREDENTIAL, connection="ada")

    assert "Keep this access while you are away" in asked.text
    assert (completed.document["status"], completed.document["account"]) == ("active", "ada")
    assert vended.error is None, vended.document
    keep_out_of_logs.add(vended.token)
    me = requests.get(
        f"{provider.issuer}/me", headers={"Authorization": f"Bearer {vended.token}"}, timeout=10
    )
    assert me.json()["sub"] == "ada"
    assert [each["status"] for each in provider.exchanges(provider.consents.client_id)] == [
        200,
        200,
    ]
