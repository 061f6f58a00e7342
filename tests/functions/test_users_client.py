"""The client library's requests for signed-in users, as the real functions read them."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from tests.functions.conftest import load_handler, through
from tests.functions.entries import http_event
from tests.functions.users import UserWorld
from tests.unit.consent.harness import RETURN_URL

import tokenvend.entries.callers
from tokenvend_client import Client, ConsentRequiredError, RefusedError
from tokenvend_client.answers import failure_of_http, failure_of_invocation
from tokenvend_client.errors import Failure
from tokenvend_client.request import Call
from tokenvend_client.ways_in import Document, WayIn
from tokenvend_client.ways_in.oauth_client import form_of


class Signed:
    """What `SignedRequests` sends, without API Gateway between."""

    def send(self, call: Call, *, timeout_seconds: float) -> Document | Failure:
        del timeout_seconds
        action = call.path.removeprefix("connections/").replace("token/reject", "reject")
        form = dict(parse_qsl(form_of(call).reveal()))
        answer = load_handler("vend_iam")(http_event("iam", action, form), through("live"))
        fields = json.loads(answer["body"])
        if answer["statusCode"] == 200:
            return Document(fields)
        return failure_of_http(answer["statusCode"], fields, None, now=0)


class Invoked:
    """What `DirectInvocation` sends, without Lambda between."""

    def send(self, call: Call, *, timeout_seconds: float) -> Document | Failure:
        del timeout_seconds
        fields: dict[str, Any] = load_handler("vend_direct")(call.event(), through("shop"))
        return failure_of_invocation(fields) if "error" in fields else Document(fields)


@pytest.mark.parametrize("way", [Signed(), Invoked()])
def test_user_connects_and_gets_a_token_by_the_client(
    monkeypatch: pytest.MonkeyPatch, way: WayIn
) -> None:
    harness = UserWorld()
    monkeypatch.setattr(tokenvend.entries.callers, "composition_root", lambda: harness.parts)
    client = Client(way)
    ada, eve = harness.token(), harness.token("eve")
    hiring = client.connections("hiring")

    link = hiring.of_user(ada).start(return_url=RETURN_URL)
    code = harness.consented(link.connect_url)
    with pytest.raises(RefusedError, match="invalid_grant"):
        hiring.of_user(eve).complete(code)
    done = hiring.of_user(ada).complete(code)
    harness.refreshed("of-ada")

    assert (done.connection, done.status) == (link.connection, "active")
    assert client.token("hiring", subject_token=ada).reveal() == "of-ada"
    with pytest.raises(ConsentRequiredError):
        client.token("hiring", subject_token=eve)
    with pytest.raises(RefusedError, match="leave connection out"):
        client.token("hiring", connection="ada", subject_token=ada)
