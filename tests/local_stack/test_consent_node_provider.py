"""Users consent at the npm `oidc-provider`, which nobody here wrote.

PKCE, `iss`, refresh tokens that are good for one use and revoke the consent when they come
again, revocation.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from tests.local_stack.consenting_shop import RETURN_URL, Shop
from tests.local_stack.elsewhere import Application
from tests.local_stack.harness import Harness
from tests.local_stack.node_provider import USER_SCOPES, NodeProvider, node_provider_running

from tokenvend_local.browsing import Browser, Page
from tokenvend_local.callers import Answer, ask_directly, ask_signed
from tokenvend_local.stack import LocalStack

CREDENTIAL = "orders-users"
ALL, LESS = "offline_access openid", "openid"
#: Nobody looks there: no client of this provider signs with keys that are published.
JWKS = "https://keys.example/jwks.json"


@pytest.fixture(scope="module")
def provider(stack: LocalStack, harness: Harness) -> Iterator[NodeProvider]:
    redirect_uri = f"{stack.deployed.pages_url}/callback/{CREDENTIAL}"
    log = stack.folder / "node-provider-consents.log"
    with node_provider_running(log, jwks_uri=JWKS, redirect_uris=[redirect_uri]) as running:
        yield running
        harness.withdraw(CREDENTIAL)


@pytest.fixture(scope="module")
def shop(stack: LocalStack, harness: Harness, provider: NodeProvider) -> Shop:
    name = harness.name("shop")
    role = harness.role(name, may_invoke=name)
    harness.foreign_credential(
        CREDENTIAL,
        {
            "issuer": provider.issuer,
            "client_authentication": provider.consents.method,
            "authorization_parameters": {"prompt": "consent"},
            "scope_mode": "narrows",
            "scope_mode_source": "tests/node/server.mjs",
            "consent_flow": {
                "refresh_names_scopes": True,
                "refresh_names_scopes_source": "tests/local_stack/test_consent_node_provider.py",
            },
        },
        client_id=provider.consents.client_id,
        client_secret=provider.consents.client_secret,
        scopes=USER_SCOPES,
        kind="authorization_code",
        redirect_uri=harness.redirect_uri(CREDENTIAL),
    )
    harness.caller(name, iam=role, direct=role, title="Order desk")
    harness.grant(name, CREDENTIAL, return_urls=[RETURN_URL])
    harness.apply()
    return Shop(stack, CREDENTIAL, role, name)


@pytest.fixture(scope="module")
def elsewhere(harness: Harness, provider: NodeProvider) -> Application:
    client = provider.consents
    return Application(
        f"{provider.issuer}/auth",
        f"{provider.issuer}/token",
        client.client_id,
        client.client_secret,
        harness.redirect_uri(CREDENTIAL),
        basic=True,
    )


def agree(browser: Browser, login: Page) -> Page:
    """What a user does at the provider, on its own development pages."""
    allowing = browser.press(login, "Sign-in", {"login": "ada", "password": "any"})
    return browser.press(allowing, "Continue")


def connect(shop: Shop, connection: str) -> Answer:
    """A user goes the whole way, and the application completes it."""
    browser = Browser()
    asked = browser.open(shop.start(connection))
    assert "Keep this access while you are away" in asked.text
    left = browser.press(asked, next(iter(asked.forms[0].buttons)))
    returned = agree(browser, browser.go_on(left))
    assert returned.moves_to is not None, returned.text
    code = parse_qs(urlsplit(returned.moves_to).query)["code"][0]
    return shop.connections("complete", connection=connection, code=code)


def take_over(stack: LocalStack, shop: Shop, connection: str, refresh_token: str) -> None:
    """The operator imports what an application had before."""
    name = f"{CREDENTIAL}/{shop.alias}/{connection}"
    given = json.dumps({"refresh_token": refresh_token, "account": "ada"})
    stack.tokenvend("connections", "import", name, stdin=given)


def refreshes(provider: NodeProvider) -> list[int]:
    """The status of each request to the token endpoint so far."""
    return [each["status"] for each in provider.exchanges(provider.consents.client_id)]


def test_a_user_consents_and_the_connection_is_vended_from(
    stack: LocalStack, provider: NodeProvider, shop: Shop, keep_out_of_logs: set[str]
) -> None:
    completed = connect(shop, "ada")
    vended = ask_signed(stack.deployed, shop.role, CREDENTIAL, connection="ada")

    assert (completed.document["status"], completed.document["account"]) == ("active", "ada")
    assert vended.error is None, vended.document
    keep_out_of_logs.add(vended.token)
    me = requests.get(
        f"{provider.issuer}/me", headers={"Authorization": f"Bearer {vended.token}"}, timeout=10
    )
    assert me.json()["sub"] == "ada"
    assert refreshes(provider) == [200, 200]


def test_workers_that_ask_at_once_redeem_no_refresh_token_twice(
    stack: LocalStack, provider: NodeProvider, shop: Shop
) -> None:
    """One that comes again revokes the consent there, so the last answer would be a refusal."""
    connect(shop, "crowd")
    before = len(refreshes(provider))

    def ask(scope: str) -> Answer:
        request = {"credential": CREDENTIAL, "connection": "crowd", "scope": scope}
        return ask_directly(stack.deployed, shop.role, shop.alias, request)

    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(ask, [ALL, LESS] * 4))
    # Whoever could not wait for its turn must ask again.
    again = [ask(scope) for scope in (ALL, LESS)]

    assert {each.error for each in first} <= {None, "temporarily_unavailable"}
    assert [each.document.get("scope") for each in again] == [ALL, LESS]
    assert refreshes(provider)[before:] == [200, 200]
    assert shop.connections("inspect", connection="crowd").document["status"] == "active"


def test_a_stolen_refresh_token_that_comes_again_is_one_lost_consent_that_reconnecting_heals(
    stack: LocalStack,
    provider: NodeProvider,
    shop: Shop,
    elsewhere: Application,
    keep_out_of_logs: set[str],
) -> None:
    stolen = elsewhere.refresh_token(USER_SCOPES, agree, prompt="consent")
    keep_out_of_logs.add(stolen)
    take_over(stack, shop, "moved", stolen)
    ours = ask_signed(stack.deployed, shop.role, CREDENTIAL, connection="moved", scope=LESS)

    theirs = elsewhere.refresh(stolen)
    before = len(refreshes(provider))
    after = [
        ask_signed(stack.deployed, shop.role, CREDENTIAL, connection="moved", scope=ALL)
        for _ in range(3)
    ]
    stack.expected_errors.add(f'"credential":"{CREDENTIAL}".*"event":"lost"')
    lost = shop.connections("inspect", connection="moved")
    asked = refreshes(provider)[before:]
    connect(shop, "moved")
    healed = ask_signed(stack.deployed, shop.role, CREDENTIAL, connection="moved", scope=ALL)

    assert ours.error is None, ours.document
    assert (theirs.status_code, theirs.json()["error"]) == (400, "invalid_grant")
    assert {(each.status, each.error) for each in after} == {(400, "consent_required")}
    assert lost.document["status"] == "consent_lost"
    # The provider was asked once while it was lost: no loop.
    assert asked == [400]
    assert healed.error is None, healed.document


def test_disconnecting_ends_the_consent_at_the_provider(
    stack: LocalStack, shop: Shop, elsewhere: Application, keep_out_of_logs: set[str]
) -> None:
    kept, ended = (elsewhere.refresh_token(USER_SCOPES, agree, prompt="consent") for _ in range(2))
    keep_out_of_logs.update({kept, ended})
    take_over(stack, shop, "leaving", ended)

    disconnected = shop.connections("disconnect", connection="leaving")

    assert disconnected.error is None, disconnected.document
    assert elsewhere.refresh(ended).json()["error"] == "invalid_grant"
    assert elsewhere.refresh(kept).status_code == 200


def test_probe_measures_the_rotation_of_a_consent(
    stack: LocalStack, elsewhere: Application, provider: NodeProvider, keep_out_of_logs: set[str]
) -> None:
    refresh_token = elsewhere.refresh_token(USER_SCOPES, agree, prompt="consent")
    keep_out_of_logs.add(refresh_token)
    given = {
        "client_id": elsewhere.client_id,
        "client_secret": elsewhere.client_secret,
        "refresh_token": refresh_token,
    }

    printed = stack.tokenvend(
        *("probe", CREDENTIAL, "--json", "--secret-from-stdin"),
        *("--introspection-endpoint", f"{provider.issuer}/token/introspection"),
        stdin=json.dumps(given),
    )

    document = json.loads(printed)
    found = {each["question"]: each["answer"] for each in document["found"]}
    assert found["a second request gives"] == "another token"
    assert found["the former token, when there is a new one"] == "stays valid"
    assert found["asked for one scope, a token carries"] == "that one"
    assert found["a scope that is not there"] == "400 invalid_scope"
    assert found["a refresh gives"] == "the next refresh token"
    assert found["a spent refresh token"] == "400 invalid_grant"
    assert found["the refresh after that, for all scopes, gives"] == "all of them"
    assert document["requests"] == 8
    assert refresh_token not in printed
    assert elsewhere.client_secret not in printed
