"""Signed-in users by their own tokens, on the deployed functions: consents, and on their behalf."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.configuration.described import Endpoint, token_endpoint
from tests.fakes.issuer import FakeIssuer, new_key, public_jwk
from tests.local_stack.consenting_shop import RETURN_URL, code_in, consent
from tests.local_stack.harness import Harness

from tokenvend.domain.request import TOKEN_EXCHANGE
from tokenvend.domain.users import User
from tokenvend_local.browsing import Browser
from tokenvend_local.callers import Answer, ask_directly, ask_signed, connect_signed
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack

STAFF, APP = "https://staff.example", "portal"
JWT = "urn:ietf:params:oauth:token-type:jwt"
KEY = new_key("ES256")


@dataclass
class Portal:
    """A caller that brings its users: to `hiring`, where they consent, and to `mail`, for them."""

    stack: LocalStack
    role: Principal
    alias: str
    hiring: str
    mail: str
    provider: Endpoint

    def ask(self, credential: str, token: str) -> Answer:
        return ask_signed(
            self.stack.deployed, self.role, credential, grant_type=TOKEN_EXCHANGE, **carried(token)
        )

    def invoke(self, credential: str, token: str) -> Answer:
        event = {"credential": credential, **carried(token)}
        return ask_directly(self.stack.deployed, self.role, self.alias, event)

    def step(self, action: str, token: str, **form: str) -> Answer:
        deployed, sent = self.stack.deployed, carried(token) | form
        return connect_signed(deployed, self.role, self.hiring, action, **sent)


def carried(token: str) -> dict[str, str]:
    return {"subject_token": token, "subject_token_type": JWT}


def token_of(sub: str, **claims: Any) -> str:
    issuer = FakeIssuer(datetime.now(UTC), url=STAFF, key=KEY)
    return issuer.token(**({"aud": APP, "sub": sub} | claims)).reveal()


@pytest.fixture(scope="module")
def portal(stack: LocalStack, harness: Harness) -> Iterator[Portal]:
    hiring, mail, name = (harness.name(stem) for stem in ("hiring", "mail", "portal"))
    issuer = {"issuer": STAFF, "keys": [public_jwk(KEY)], "users": True}
    harness.configuration.setdefault("issuers", {})["staff"] = issuer
    harness.consent_credential(hiring)
    role = harness.role(name, may_invoke=name)
    harness.caller(name, iam=role, direct=role, title="Portal")
    users = {"users": [{"issuer": "staff", "audience": APP}]}
    harness.grant(name, hiring, return_urls=[RETURN_URL], connections="subject", **users)
    answer = {"access_token": "on-behalf-of-a-user", "token_type": "Bearer", "expires_in": 1800}
    with token_endpoint(answer) as provider:
        described = {
            "token_endpoint": provider.url,
            "token_request": {"on_behalf_of": "jwt_bearer"},
        }
        harness.foreign_credential(
            mail, described, client_id="ours", client_secret="never-shown", scopes=["mail_read"]
        )
        harness.grant(name, mail, **users)
        harness.apply()
        yield Portal(stack, role, name, hiring, mail, provider)


def test_users_own_token_leads_from_start_to_a_token_and_nobody_elses_does(
    portal: Portal, keep_out_of_logs: set[str]
) -> None:
    ada, eve = token_of("ada"), token_of("eve")
    keep_out_of_logs.update(ada.split(".")[1:])

    started = portal.step("start", ada, return_url=RETURN_URL)
    code = code_in(consent(Browser(), started.document["connect_url"], user="ada"))
    of_another = portal.step("complete", eve, code=code)
    completed = portal.step("complete", ada, code=code)
    vended = portal.ask(portal.hiring, ada), portal.invoke(portal.hiring, ada)
    refused = portal.ask(portal.hiring, eve), portal.invoke(portal.hiring, eve)

    assert started.document["connection"] == User(STAFF, "ada", APP).connection_name
    assert of_another.error == "invalid_grant"
    assert (completed.document["status"], completed.document["account"]) == ("active", "ada")
    for answer in vended:
        assert answer.error is None, answer.document
        keep_out_of_logs.add(answer.token)
    assert [answer.error for answer in refused] == ["consent_required"] * 2
    assert portal.ask(portal.hiring, token_of("ada", aud="other")).error == "invalid_request"
    listed = portal.stack.tokenvend("connections", "list")
    assert started.document["connection"] in listed
    assert portal.step("disconnect", ada).status == 200


def test_token_on_behalf_of_a_user_is_kept_for_that_user(
    portal: Portal, keep_out_of_logs: set[str]
) -> None:
    ada, bob = token_of("ada"), token_of("bob")
    keep_out_of_logs.update({*ada.split(".")[1:], "on-behalf-of-a-user"})

    answers = [portal.ask(portal.mail, ada), portal.invoke(portal.mail, token_of("ada"))]
    asked_for_ada = len(portal.provider.server.requests)
    of_bob = portal.ask(portal.mail, bob)

    for answer in (*answers, of_bob):
        assert answer.error is None, answer.document
        # The user's own lives 300 s.
        assert answer.document["expires_in"] <= 300
    assert answers[1].document["source"] == "store"
    assert asked_for_ada == 1
    sent = [request.decode() for request in portal.provider.server.requests]
    assert len(sent) == 2
    assert f"assertion={ada}" in sent[0]
    assert f"assertion={bob}" in sent[1]
    assert portal.ask(portal.mail, token_of("ada", exp=1)).error == "invalid_request"
