"""`tokenvend probe` on a provider that nobody here wrote, and on both sides of the demo's.

What it measures of users' consents there stands in `test_consent_node_provider.py`.
"""

import json

import pytest
import requests
import yaml
from tests.local_stack.elsewhere import Application
from tests.local_stack.harness import Harness
from tests.local_stack.node_provider import SCOPES, NodeProvider

from tokenvend_local.browsing import Browser, Page
from tokenvend_local.callers import ask_signed
from tokenvend_local.demo_provider.clients import Flavour
from tokenvend_local.stack import LocalStack


def test_probe_tells_what_the_provider_does_and_shows_no_token(
    stack: LocalStack, harness: Harness, node_provider: NodeProvider
) -> None:
    name, client = harness.name("probed"), node_provider.basic
    harness.foreign_credential(
        name,
        {"issuer": node_provider.issuer, "client_authentication": client.method},
        client_id=client.client_id,
        client_secret=client.client_secret,
        scopes=SCOPES,
    )
    harness.apply()
    asked = len(node_provider.exchanges(client.client_id))

    printed = stack.tokenvend(
        *("probe", name, "--json"),
        *("--introspection-endpoint", f"{node_provider.issuer}/token/introspection"),
    )

    document = json.loads(printed)
    found = {each["question"]: each["answer"] for each in document["found"]}
    assert found["a token lives for"] == "600 s"
    assert found["a second request gives"] == "another token"
    assert found["the former token, when there is a new one"] == "stays valid"
    assert found["asked for one scope, a token carries"] == "that one"
    assert yaml.safe_load(document["suggestion"])["providers"][name]["scope_mode"] == "narrows"
    # It takes a scope that is not there, so a grant type that is none shows what a refusal is.
    assert found["a scope that is not there"] == "accepted"
    assert found["a refusal looks like"] == "400, JSON with error (RFC 6749 §5.2)"
    assert document["requests"] == 7
    assert len(node_provider.exchanges(client.client_id)) - asked == 5
    assert client.client_secret not in printed


def _allow(browser: Browser, page: Page) -> Page:
    return browser.press(page, "Allow", {"user": "ada"})


@pytest.mark.parametrize(
    ("flavour", "answers"),
    [
        pytest.param(Flavour.STANDARD, ("that one", "all of them"), id="a provider that narrows"),
        pytest.param(
            Flavour.SMARTRECRUITERS, ("jobs_read user_me_read", None), id="one that does not"
        ),
    ],
)
def test_probe_measures_a_consent_at_the_demo_provider(
    stack: LocalStack,
    harness: Harness,
    flavour: Flavour,
    answers: tuple[str, str | None],
    keep_out_of_logs: set[str],
) -> None:
    name, scopes = harness.name("probed"), ("jobs_read", "user_me_read")
    client = harness.consent_credential(name, flavour=flavour, scopes=scopes)
    harness.apply()
    control = stack.provider
    before = Application(
        control.authorization_endpoint(flavour),
        control.token_endpoint(flavour),
        client.client_id,
        client.client_secret,
        harness.redirect_uri(name),
    )
    refresh_token = before.refresh_token(scopes, _allow)
    keep_out_of_logs.add(refresh_token)
    secret = {"client_id": client.client_id, "client_secret": client.client_secret}

    printed = stack.tokenvend(
        *("probe", name, "--json", "--secret-from-stdin"),
        stdin=json.dumps(secret | {"refresh_token": refresh_token}),
    )

    found = {each["question"]: each["answer"] for each in json.loads(printed)["found"]}
    narrowed, then = answers
    assert found["asked for one scope, a token carries"] == narrowed
    assert found.get("the refresh after that, for all scopes, gives") == then
    assert found["a refresh gives"] == "the next refresh token"
    assert found["a spent refresh token"] == "400 invalid_grant"
    assert refresh_token not in printed


def test_a_token_is_ended_at_a_provider_that_nobody_here_wrote(
    stack: LocalStack, harness: Harness, node_provider: NodeProvider, keep_out_of_logs: set[str]
) -> None:
    name, caller, client = harness.name("ended"), harness.name("shop"), node_provider.post
    role = harness.role(caller)
    harness.foreign_credential(
        name,
        {"issuer": node_provider.issuer, "client_authentication": client.method},
        client_id=client.client_id,
        client_secret=client.client_secret,
        scopes=SCOPES,
    )
    harness.caller(caller, iam=role)
    harness.grant(caller, name)
    harness.apply()
    token = ask_signed(stack.deployed, role, name).token
    keep_out_of_logs.add(token)

    def is_active() -> object:
        proof = {"client_id": client.client_id, "client_secret": client.client_secret}
        asked = requests.post(
            f"{node_provider.issuer}/token/introspection", data=proof | {"token": token}, timeout=10
        )
        return asked.json()["active"]

    active = is_active()
    stack.tokenvend("revoke", name, stdin=token)

    assert (active, is_active()) == (True, False)
