"""Further values of a token answer: which are taken, and what is refused without showing one."""

import contextlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.clock import START

from tokenvend.domain import bounds
from tokenvend.domain.api_request import token_presenter
from tokenvend.domain.api_request_description import answer_values_of
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.errors import CredentialNotReadyError, ProviderRefusedError
from tokenvend.domain.oauth.answer_values import is_withheld, with_answer_values
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken

TOKEN = AccessToken(
    access_token=Secret("t0ken"),
    scopes=frozenset(),
    requested_at=START,
    expires_at=START + timedelta(hours=1),
)
DEFINITION = CredentialDefinition(
    name="jobs", provider="acme", token_endpoint="https://login.acme.example/token"
)
SECRET = ProviderSecret("id", Secret("s3cret"), "login.acme.example")


def _taken(
    text: str, answer: object = None, *, cookies: tuple[str, ...] = (), times: int = 1
) -> str:
    """What a request to the API carries for *text*, after *answer*."""
    query = {"t": "{token}"} | {f"v{index}": text for index in range(times)}
    definition = replace(DEFINITION, api_request={"query": query})
    response = ProviderResponse(
        200, body=json.dumps(answer or {}).encode(), set_cookie=tuple(map(Secret, cookies))
    )
    token = token_presenter(definition, SECRET)(with_answer_values(TOKEN, response, definition))
    assert token.answer_values == {}
    sent_as: Any = token.sent_as
    taken: str = sent_as.query["v0"].reveal()
    return taken


@pytest.mark.parametrize(
    ("text", "answer", "taken"),
    [
        ("{answer.accountID}", {"accountID": "A-1"}, "A-1"),
        ("{answer.data.0.id}/x", {"data": [{"id": "A-1"}]}, "A-1/x"),
        ("{answer.account}", {"account": 4711}, "4711"),
        ("{{{answer.account}}}", {"account": "{token}"}, "{{token}}"),
    ],
)
def test_value_is_taken_by_its_path(text: str, answer: object, taken: str) -> None:
    assert _taken(text, answer) == taken


@pytest.mark.parametrize(
    ("cookies", "taken"),
    [
        (("ROUTEID=.node1; path=/; Expires=Wed, 09 Jun 2027 10:18:14 GMT",), ".node1"),
        (('ROUTEID=".node1"', "SESSION=S; HttpOnly"), ".node1"),
        (("ROUTEID=.node1", "ROUTEID=.node2"), ".node2"),
        (("ROUTEID=Xa=b==X",), "Xa=b==X"),
    ],
)
def test_cookie_is_taken_by_its_name(cookies: tuple[str, ...], taken: str) -> None:
    assert _taken("{cookie.ROUTEID}", cookies=cookies) == taken


@pytest.mark.parametrize(
    ("text", "answer", "cookies", "path"),
    [
        pytest.param("{answer.a.b}", {"a": "hunter2"}, (), "a.b", id="missing"),
        pytest.param("{answer.a}", {"a": ["hunter2"]}, (), "a", id="a list"),
        pytest.param("{answer.a}", {"a": True, "b": "hunter2"}, (), "a", id="true"),
        pytest.param("{answer.a}", {"a": 1.5, "b": "hunter2"}, (), "a", id="a fraction"),
        pytest.param("{answer.a}", {"a": 2**53, "b": "hunter2"}, (), "a", id="a large number"),
        pytest.param("{answer.a}", {"a": "", "b": "hunter2"}, (), "a", id="empty"),
        pytest.param("{answer.a}", {"a": "hunter2\r\nX: 1"}, (), "a", id="a header more"),
        pytest.param("{answer.a}", {"a": "hunter2ü"}, (), "a", id="not plain ASCII"),
        pytest.param("{cookie.A}", {"A": "hunter2"}, ("B=hunter2",), "A", id="no such cookie"),
        pytest.param("{cookie.A}", {}, ("A=hunter2, x",), "A", id="a cookie of two"),
        pytest.param("{cookie.A}", {}, ("A=; B=hunter2",), "A", id="an empty cookie"),
    ],
)
def test_value_that_cannot_be_sent_is_named_and_not_shown(
    text: str, answer: object, cookies: tuple[str, ...], path: str
) -> None:
    with pytest.raises(ProviderRefusedError) as caught:
        _taken(text, answer, cookies=cookies)

    assert caught.value.provider_error == "malformed_answer_value"
    place = "cookie" if text.startswith("{cookie") else "text"
    lacks = f"it has no {place} {path}, which api_request names"
    assert lacks in str(caught.value) or f"its {path} has characters" in str(caught.value)
    assert "hunter2" not in f"{caught.value} {caught.value.__dict__}"


@pytest.mark.parametrize(("more", "is_taken"), [(0, True), (1, False)])
def test_values_are_bounded_together(more: int, *, is_taken: bool) -> None:
    value = "k" * (bounds.ANSWER_VALUES_CHARACTERS // 2 + more)

    if is_taken:
        assert _taken("{answer.a}", {"a": value}, times=2) == value
        return
    with pytest.raises(ProviderRefusedError) as caught:
        _taken("{answer.a}", {"a": value}, times=2)
    assert "have 4098 characters; 4096 are the most" in str(caught.value)
    assert "kkk" not in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        *("refresh_token", "access_token", "id_token", "data.refresh_token", "client_secret"),
        *("Client_Secret", "password", "private_key", "data.session", "data.next", "data"),
    ],
)
def test_path_to_a_token_is_refused_before_there_is_one(path: str) -> None:
    definition = replace(
        DEFINITION,
        api_request={"query": {"t": "{token}", "x": f"{{answer.{path}}}"}},
        token_answer={"token": "data.session", "refresh_token": "data.next"},
    )

    with pytest.raises(CredentialNotReadyError) as caught:
        token_presenter(definition, SECRET)

    assert caught.value.rule == "definition.api_request"
    assert caught.value.description == (
        f"The definition's api_request names answer.{path}, which no caller may get."
    )


def test_nothing_of_an_answer_is_taken_that_cannot_be_read() -> None:
    definition = replace(
        DEFINITION,
        api_request={"query": {"t": "{token}", "x": "{answer.a}"}},
        token_answer={"token": "a b"},
    )

    with pytest.raises(CredentialNotReadyError) as caught:
        token_presenter(definition, SECRET)

    assert caught.value.rule == "definition.api_request"


def test_a_description_that_cannot_be_read_names_no_values() -> None:
    definition = replace(DEFINITION, api_request={"query": {"x": "{answer.a}"}})

    assert answer_values_of(definition) == ()


@pytest.mark.parametrize(
    "name",
    [
        *("answer.refreshToken", "answer.data.refreshToken", "answer.idToken", "answer.Id_Token"),
        *("answer.clientSecret", "answer.refresh_token.value", "answer.user-refresh-token"),
        *("answer.ID_TOKEN", "answer.accessToken", "answer.userPassword", "answer.REFRESHTOKEN"),
        *("cookie.refresh_token", "cookie.refreshToken", "cookie.access_token"),
    ],
)
def test_a_token_is_withheld_however_its_name_is_written(name: str) -> None:
    assert is_withheld({}, name)


@pytest.mark.parametrize(
    "name", ["answer.account.id", "answer.valid_tokens", "cookie.B1SESSION", "answer.tokenType"]
)
def test_another_value_is_not_withheld(name: str) -> None:
    assert not is_withheld({}, name)


def test_a_refresh_token_is_not_given_out_under_another_name() -> None:
    with pytest.raises(ProviderRefusedError) as caught:
        _taken("{answer.renewal}", {"renewal": "refresh-1", "refresh_token": "refresh-1"})

    assert caught.value.provider_error == "malformed_answer_value"
    assert "refresh-1" not in str(caught.value)


@pytest.mark.parametrize("kind", [CredentialKind.API_KEY, CredentialKind.SIGNED_JWT])
def test_kind_without_an_answer_has_no_values_of_one(kind: CredentialKind) -> None:
    text = "{secret.api_key}" if kind is CredentialKind.API_KEY else "{token}"
    definition = replace(
        DEFINITION, kind=kind, api_request={"query": {"t": text, "x": "{answer.a}"}}
    )

    with pytest.raises(CredentialNotReadyError) as caught:
        token_presenter(definition, SECRET)

    assert caught.value.rule == "definition.api_request"


@given(value=st.text() | st.integers() | st.floats() | st.booleans() | st.none())
def test_any_value_is_sent_whole_or_refused(value: Any) -> None:
    with contextlib.suppress(ProviderRefusedError):
        taken = _taken("{answer.a}", {"a": value})
        assert taken == str(value)
        assert taken.isascii()
        assert taken.isprintable()
        assert taken == taken.strip()


def test_values_do_not_show_in_a_token_or_an_answer() -> None:
    definition = replace(DEFINITION, api_request={"query": {"t": "{token}", "x": "{answer.a}"}})
    response = ProviderResponse(200, body=b'{"a": "hunter2"}', set_cookie=(Secret("b=hunter2"),))

    token = with_answer_values(TOKEN, response, definition)

    assert token.answer_values["answer.a"].reveal() == "hunter2"
    assert "hunter2" not in repr(token) + repr(response)
