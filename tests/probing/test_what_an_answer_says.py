"""What a probe reads in answers: by their description, and by the token itself."""

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.clock import START, FakeClock
from tests.fakes.provider import FakeProvider, json_response

from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.oauth.token_request import ProviderRequest, ProviderSecret
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.secret import Secret
from tokenvend_cli.probing.findings import ProbeFindings
from tokenvend_cli.probing.measure import measure
from tokenvend_cli.probing.requests import MOST_REQUESTS, CredentialRequester

DEFINITION = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://login.acme.example/token",
    scopes=frozenset({"read", "write"}),
)
USERS = replace(DEFINITION, kind=CredentialKind.AUTHORIZATION_CODE)
SECRET = ProviderSecret("us", Secret("our-secret"), "login.acme.example")
LIVES, UNIT = "a token lives for", "its lifetime is stated in"
SHAPE, NEXT = "a refusal looks like", "the refresh after that, for all scopes, gives"


class Answering(FakeProvider):
    """A provider that gives a token with *fields* to everybody, but no scope that it has not."""

    def __init__(self, fields: dict[str, Any], refusal: ProviderResponse | None = None) -> None:
        super().__init__()
        self.fields = fields
        self.refusal = refusal or json_response({"error": "invalid_scope"}, status=400)

    def send(self, request: ProviderRequest) -> ProviderResponse:
        self.requests.append(request)
        if "no-such" in str(request.form.get("scope")) + request.form["grant_type"]:
            return self.refusal
        return json_response(self.fields)


class Tying(FakeProvider):
    """A provider of users' tokens; `ties` leaves a refresh token with the scopes last named."""

    def __init__(self, *, ties: bool) -> None:
        super().__init__()
        self.ties, self.carries = ties, frozenset({"read", "write"})

    def send(self, request: ProviderRequest) -> ProviderResponse:
        self.requests.append(request)
        named = request.form.get("scope")
        scopes = self.carries if named is None else frozenset(named.split())
        if not scopes <= self.carries:
            return json_response({"error": "invalid_scope"}, status=400)
        if self.ties:
            self.carries = scopes
        token = {"access_token": f"token-{len(self.requests)}", "expires_in": 600}
        return json_response(token | {"scope": " ".join(sorted(scopes))})


def jwt(**claims: Any) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + ".x"


OWN = jwt(exp=int((START + timedelta(hours=1)).timestamp()))


def probed(
    provider: FakeProvider, definition: CredentialDefinition = DEFINITION, **more: Any
) -> tuple[dict[str, str | None], ProbeFindings]:
    asker = CredentialRequester(provider, definition, SECRET, clock=FakeClock())
    findings = measure(asker, definition, **more)
    assert asker.requests <= MOST_REQUESTS
    return {each.question: each.answer for each in findings.found}, findings


@pytest.mark.parametrize(
    ("stated", "unit"),
    [
        (3600, "seconds"),
        ("3599", "seconds"),
        (60, "minutes"),
        (3_600_000, "milliseconds"),
        ((START + timedelta(hours=1)).isoformat(), "rfc3339"),
        ((START + timedelta(hours=1)).timestamp(), "epoch_seconds"),
        ((START + timedelta(hours=1)).timestamp() * 1000, "epoch_milliseconds"),
    ],
)
def test_unit_of_a_lifetime_is_found_by_the_tokens_own_exp(stated: object, unit: str) -> None:
    answers, findings = probed(Answering({"access_token": OWN, "expires_in": stated}))

    assert answers[UNIT] == unit
    assert abs(int(str(answers[LIVES]).removesuffix(" s")) - 3600) <= 1
    suggested = findings.provider.get("token_answer")
    assert suggested == (None if unit == "seconds" else {"lifetime_unit": unit})


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("opaque", id="an opaque token"),
        pytest.param(jwt(sub="us"), id="a JWT without exp"),
        pytest.param(jwt(exp="soon"), id="an exp that is no number"),
    ],
)
def test_nothing_is_guessed_of_a_unit(token: str) -> None:
    answers, findings = probed(Answering({"access_token": token, "expires_in": 3_600_000}))

    assert (answers[LIVES], answers[UNIT]) == ("3600000 s", None)
    assert "token_answer" not in findings.provider


def test_no_unit_is_suggested_that_does_not_fit() -> None:
    answers, findings = probed(Answering({"access_token": OWN, "expires_in": 17}))

    assert answers[UNIT] is None
    assert "token_answer" not in findings.provider


def test_answers_are_read_by_the_description() -> None:
    described = {"token": "data.token", "lifetime": "data.ttl", "scope": "data.scopes"}
    definition = replace(DEFINITION, token_answer=described)
    data = {"token": "T", "ttl": 900, "scopes": ["read", "write"]}

    answers, _ = probed(Answering({"data": data}), definition)

    assert answers[LIVES] == "900 s"
    assert answers["it says that it carries"] == "read write"
    assert answers["a second request gives"] == "the same token"


@pytest.mark.parametrize(
    ("refusal", "looks"),
    [
        pytest.param(
            json_response({"error": "invalid_scope"}, status=400),
            "400, JSON with error (RFC 6749 §5.2)",
            id="by the standard",
        ),
        pytest.param(
            json_response({"errcode": 40013, "errmsg": "invalid appid"}),
            "200, JSON with errcode, errmsg: say token_answer.error",
            id="a 200 that says no",
        ),
        pytest.param(
            json_response({"message": "no", "our-secret": 1}, status=422),
            "422, JSON with message",
            id="a name that quotes what was sent is left out",
        ),
        pytest.param(
            ProviderResponse(500, "text/html", b"<html>our-secret</html>"),
            "500, no JSON object",
            id="a page",
        ),
    ],
)
def test_shape_of_a_refusal_is_told(refusal: ProviderResponse, looks: str) -> None:
    refusal = replace(refusal, sent=(SECRET.client_secret,))
    token = {"access_token": "T", "expires_in": 600}

    assert probed(Answering(token, refusal))[0][SHAPE] == looks


def test_where_any_scope_is_accepted_a_grant_type_that_is_none_is_refused() -> None:
    class Lenient(Answering):
        def send(self, request: ProviderRequest) -> ProviderResponse:
            request.form.pop("scope", None)
            return super().send(request)

    provider = Lenient({"access_token": "T", "expires_in": 600})

    answers, _ = probed(provider)

    assert answers["a scope that is not there"] == "accepted"
    assert answers[SHAPE] == "400, JSON with error (RFC 6749 §5.2)"
    assert provider.requests[-1].form["grant_type"].endswith("no-such-grant-type")


@pytest.mark.parametrize(
    ("ties", "answer", "suggested"),
    [
        pytest.param(True, "400 invalid_scope", {}, id="takes the others for good"),
        pytest.param(
            False,
            "all of them",
            {"consent_flow": {"refresh_names_scopes": True}},
            id="gives them back",
        ),
    ],
)
def test_a_refresh_that_narrows_is_found_out(
    *, ties: bool, answer: str, suggested: dict[str, Any]
) -> None:
    answers, findings = probed(Tying(ties=ties), USERS, refresh_token=Secret("r-1"))

    assert answers["asked for one scope, a token carries"] == "that one"
    assert answers[NEXT] == answer
    # What a request for a token does is another question, which no refresh answers.
    assert findings.provider == suggested


def test_nothing_is_suggested_where_nobody_says_what_the_next_refresh_gave() -> None:
    class Silent(Tying):
        def send(self, request: ProviderRequest) -> ProviderResponse:
            response = super().send(request)
            if request.form.get("scope") == "read":
                return response
            return json_response(json.loads(response.body) | {"scope": None})

    answers, findings = probed(Silent(ties=False), USERS, refresh_token=Secret("r-1"))

    assert answers[NEXT] is None
    assert findings.provider == {}


def test_what_is_suggested_names_its_source() -> None:
    _, findings = probed(Tying(ties=False), USERS, refresh_token=Secret("r-1"))

    suggestion = findings.suggestion("acme", "jobs", today=START.date())

    assert f"refresh_names_scopes_source: tokenvend probe jobs, {START.date()}" in suggestion
