"""What a probe concludes from answers, and how often it asks."""

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.provider import FakeProvider, json_response

from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.oauth.token_request import ProviderSecret
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
SECRET = ProviderSecret("us", Secret("our-secret"), "login.acme.example")
INTROSPECTION = "https://login.acme.example/introspect"
NARROW = "asked for one scope, a token carries"
FORMER = "the former token, when there is a new one"


def _token(number: int, **fields: Any) -> Any:
    whole = {"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": 600}
    return json_response(whole | fields)


def _jwt(**claims: Any) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + ".x"


NO = json_response({"error": "invalid_scope"}, status=400)


def _measure(*answers: Any, **more: Any) -> tuple[ProbeFindings, FakeProvider]:
    provider = FakeProvider()
    provider.script(*answers)
    return measure(CredentialRequester(provider, DEFINITION, SECRET), DEFINITION, **more), provider


def _answers(findings: ProbeFindings) -> dict[str, str | None]:
    return {each.question: each.answer for each in findings.found}


@pytest.mark.parametrize(
    ("third", "carries", "mode"),
    [
        pytest.param(_token(3, scope="read"), "that one", "narrows", id="the answer says less"),
        pytest.param(_token(3, scope="read write"), "read write", "fixed", id="it says all"),
        pytest.param(
            _token(3, access_token=_jwt(scp=["read"])),
            "that one",
            "narrows",
            id="the JWT says less",
        ),
        pytest.param(
            _token(3, access_token=_jwt(scope="read write")), "read write", "fixed", id="JWT: all"
        ),
        pytest.param(_token(3), None, "fixed", id="nothing says: it counts as fixed"),
    ],
)
def test_narrowing_is_believed_only_if_something_shows_it(
    third: Any, carries: str | None, mode: str
) -> None:
    findings, _ = _measure(_token(1), _token(2), third, NO)

    assert _answers(findings)[NARROW] == carries
    assert findings.provider == {"scope_mode": mode}


@pytest.mark.parametrize("active", [True, False])
def test_former_token_is_looked_up_where_that_can_be(*, active: bool) -> None:
    findings, _ = _measure(
        *(_token(1), _token(2), json_response({"active": active})),
        *(_token(3, scope="read"), json_response({"active": True, "scope": "read"}), NO),
        introspection_endpoint=INTROSPECTION,
    )

    assert _answers(findings)[FORMER] == ("stays valid" if active else "is void")
    assert findings.credential == ({} if active else {"single_active_token": True})


def test_introspection_is_believed_before_the_answer() -> None:
    findings, _ = _measure(
        *(_token(1), _token(2), json_response({"active": True})),
        *(_token(3, scope="read"), json_response({"active": True, "scope": "read write"}), NO),
        introspection_endpoint=INTROSPECTION,
    )

    assert findings.provider == {"scope_mode": "fixed"}


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        pytest.param(
            (
                _token(4, refresh_token="next"),
                json_response({"error": "invalid_grant"}, status=400),
            ),
            ("the next refresh token", "400 invalid_grant"),
            id="one-time use",
        ),
        pytest.param(
            (_token(4, refresh_token="next"), _token(5, refresh_token="last")),
            ("the next refresh token", "is still good"),
            id="rotates, with the former still good",
        ),
        pytest.param(
            (_token(4, refresh_token="given"),), ("no other one", None), id="the same again"
        ),
        pytest.param((_token(4),), ("no other one", None), id="none again"),
    ],
)
def test_rotation_of_a_refresh_token_that_may_be_lost(
    answers: tuple[Any, ...], told: tuple[str, str | None]
) -> None:
    findings, provider = _measure(
        *(_token(1), _token(2), _token(3), NO, *answers), refresh_token=Secret("given")
    )

    found = _answers(findings)
    assert (found["a refresh gives"], found.get("a spent refresh token")) == told
    assert provider.requests[4].form["refresh_token"] == "given"


def test_most_requests_are_the_most_that_a_probe_can_need() -> None:
    findings, provider = _measure(
        *(_token(1), _token(2), json_response({"active": True}), _token(3)),
        *(json_response({"active": True}), NO, _token(4, refresh_token="next"), NO),
        introspection_endpoint=INTROSPECTION,
        refresh_token=Secret("given"),
    )

    assert findings.found
    assert len(provider.requests) == 8 <= MOST_REQUESTS


def test_no_more_is_asked_than_the_bound() -> None:
    asker = CredentialRequester(FakeProvider(), DEFINITION, SECRET)
    for _ in range(MOST_REQUESTS):
        asker.token()

    with pytest.raises(CommandError, match="10 times"):
        asker.token()


@pytest.mark.parametrize("error", ["Please <b>log in</b>, token abc.def", {"a": "b"}, None, ""])
def test_nothing_that_a_provider_wrote_is_repeated_but_an_error_code(error: object) -> None:
    provider = FakeProvider()
    provider.script(json_response({"error": error}, status=400))

    assert CredentialRequester(provider, DEFINITION, SECRET).token().shape == "400"


USERS = replace(DEFINITION, kind=CredentialKind.AUTHORIZATION_CODE)


def _measure_consent(*answers: Any) -> tuple[ProbeFindings, FakeProvider]:
    provider = FakeProvider()
    provider.script(*answers)
    asker = CredentialRequester(provider, USERS, SECRET)
    return measure(asker, USERS, refresh_token=Secret("given")), provider


def test_where_users_consent_every_token_is_a_refresh_that_redeems_the_newest() -> None:
    redeemed = json_response({"error": "invalid_grant"}, status=400)
    findings, provider = _measure_consent(
        *(_token(1, refresh_token="second"), _token(2), _token(3, refresh_token="third")),
        *(NO, redeemed),
    )

    forms = [request.form for request in provider.requests]
    assert {form["grant_type"] for form in forms} == {"refresh_token"}
    # The last two: a scope that is not there, and the one that was spent first.
    sent = ["given", "second", "second", "third", "given"]
    assert [form["refresh_token"] for form in forms] == sent
    assert [form.get("scope") for form in forms[:3]] == [None, None, "read"]
    assert _answers(findings)["a refresh gives"] == "the next refresh token"
    assert _answers(findings)["a spent refresh token"] == "400 invalid_grant"


def test_where_users_consent_nothing_is_asked_without_a_consent() -> None:
    provider = FakeProvider()

    with pytest.raises(CommandError, match="--secret-from-stdin"):
        measure(CredentialRequester(provider, USERS, SECRET), USERS)

    assert provider.requests == []
