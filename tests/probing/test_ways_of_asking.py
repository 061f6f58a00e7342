"""How a probe finds out in which way a token endpoint wants to be asked."""

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.provider import FakeProvider, json_response

from tokenvend.domain.credential_definition import ClientAuthentication, CredentialDefinition
from tokenvend.domain.oauth.token_request import ParametersIn, ProviderRequest, ProviderSecret
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.secret import Secret
from tokenvend_cli.probing.findings import ProbeFindings
from tokenvend_cli.probing.measure import measure
from tokenvend_cli.probing.requests import MOST_REQUESTS, CredentialRequester
from tokenvend_cli.problems import CommandError

DEFINITION = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://login.acme.example/token",
    scopes=frozenset({"read", "write"}),
)
ODD = ProviderSecret("us", Secret("s3cret+/=%"), "login.acme.example")
PLAIN = ProviderSecret("us", Secret("s3cret"), "login.acme.example")
BASIC = "id and secret in HTTP Basic are"
BODY = "it takes parameters as"


class Particular(FakeProvider):
    """A provider that takes one way of asking, and refuses every other."""

    def __init__(self, *, place: ParametersIn, authorization: str | None = None) -> None:
        super().__init__()
        self.place, self.authorization = place, authorization
        self.error: dict[str, Any] = {"error": "invalid_client"}

    def send(self, request: ProviderRequest) -> ProviderResponse:
        self.requests.append(request)
        given = request.headers.get("Authorization")
        if request.parameters_in is not self.place or self.authorization not in (None, given):
            return json_response(self.error, status=401)
        token = {"access_token": f"token-{len(self.requests)}", "expires_in": 600}
        return json_response(token | {"scope": "read write"})


#: The same id and secret, form-encoded (RFC 6749 section 2.3.1) and as they are.
ENCODED = "Basic dXM6czNjcmV0JTJCJTJGJTNEJTI1"
AS_THEY_ARE = "Basic dXM6czNjcmV0Ky89JQ=="
AS_IT_IS = ClientAuthentication.BASIC_UNENCODED


def probed(
    provider: FakeProvider, *, secret: ProviderSecret = ODD, **changes: Any
) -> tuple[dict[str, str | None], ProbeFindings]:
    definition = replace(DEFINITION, **changes)
    findings = measure(CredentialRequester(provider, definition, secret), definition)
    return {each.question: each.answer for each in findings.found}, findings


@pytest.mark.parametrize(
    ("described", "taken", "answer", "suggested"),
    [
        pytest.param(
            ClientAuthentication.BASIC, ENCODED, "form-encoded", {}, id="encoded, and said so"
        ),
        pytest.param(
            AS_IT_IS,
            ENCODED,
            "form-encoded",
            {"client_authentication": "client_secret_basic"},
            id="encoded",
        ),
        pytest.param(
            ClientAuthentication.BASIC,
            AS_THEY_ARE,
            "as they are",
            {"client_authentication": "client_secret_basic_unencoded"},
            id="as they are",
        ),
    ],
)
def test_encoding_of_http_basic_is_found_out(
    described: ClientAuthentication, taken: str, answer: str, suggested: dict[str, str]
) -> None:
    provider = Particular(place=ParametersIn.FORM, authorization=taken)

    answers, findings = probed(provider, client_authentication=described)

    assert answers[BASIC] == answer
    assert findings.provider == suggested | {"scope_mode": "fixed"}


def test_nothing_is_said_of_an_encoding_that_changes_nothing() -> None:
    answers, findings = probed(Particular(place=ParametersIn.FORM), secret=PLAIN)

    assert answers[BASIC] is None
    assert "client_authentication" not in findings.provider


@pytest.mark.parametrize(
    ("described", "taken", "answer", "suggested"),
    [
        pytest.param({}, ParametersIn.FORM, "a form", {}, id="a form, and said so"),
        pytest.param(
            {},
            ParametersIn.JSON,
            "JSON",
            {"token_request": {"parameters_in": "json"}},
            id="JSON",
        ),
        pytest.param(
            {"parameters_in": "json"},
            ParametersIn.FORM,
            "a form",
            {"token_request": {"parameters_in": "form"}},
            id="a form",
        ),
    ],
)
def test_form_or_json_is_found_out(
    described: dict[str, Any],
    taken: ParametersIn,
    answer: str,
    suggested: dict[str, Any],
) -> None:
    provider = Particular(place=taken)

    answers, findings = probed(
        provider, token_request=described, client_authentication=ClientAuthentication.POST
    )

    assert answers[BODY] == answer
    assert findings.provider == suggested | {"scope_mode": "fixed"}
    # Once it is found out, nothing is asked in the other way.
    assert {each.parameters_in for each in provider.requests[-3:]} == {taken}


def test_both_at_once_are_found_out_within_the_bound() -> None:
    provider = Particular(place=ParametersIn.JSON, authorization=AS_THEY_ARE)

    answers, _ = probed(provider)

    assert (answers[BASIC], answers[BODY]) == ("as they are", "JSON")
    assert len(provider.requests) <= MOST_REQUESTS


def test_a_provider_that_refuses_every_way_is_told_by_its_first_refusal() -> None:
    provider = Particular(place=ParametersIn.QUERY)

    with pytest.raises(CommandError, match="issued no token: 401 invalid_client"):
        probed(provider)

    assert len(provider.requests) == 4


def test_what_another_way_cannot_mend_is_not_asked_again() -> None:
    provider = Particular(place=ParametersIn.QUERY)
    provider.error = {"error": "unauthorized_client"}

    with pytest.raises(CommandError, match="unauthorized_client"):
        probed(provider)

    assert len(provider.requests) == 1
