"""A key in the path or in the JSON body of API requests: no value reaches past its place."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fakes.clock import START

from tokenvend.adapters.dynamodb.presentation_items import build_presentation, parse_presentation
from tokenvend.domain import bounds
from tokenvend.domain.answer import Source, VendAnswer
from tokenvend.domain.api_request import present, token_presenter
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.domain.token_presentation import RequestParts, TokenType

KEY = "{secret.api_key}"
SEGMENTS = st.text(alphabet="aZ0.:/%2Ff\\;?#@+=-_~ \r\nü&$", max_size=12) | st.text(max_size=12)


def _definition(described: dict[str, Any], kind: CredentialKind) -> CredentialDefinition:
    return CredentialDefinition(
        name="key", provider="acme", token_endpoint="", kind=kind, api_request=described
    )


def _answer(described: dict[str, Any], **fields: str) -> dict[str, Any]:
    secret = ProviderSecret(
        "", Secret(""), "@callers", fields={name: Secret(each) for name, each in fields.items()}
    )
    presented = present(_definition(described, CredentialKind.API_KEY), secret)
    token = AccessToken(
        access_token=presented.access_token,
        scopes=frozenset(),
        requested_at=START,
        expires_at=START + timedelta(minutes=5),
        sent_as=presented.sent_as,
    )
    return VendAnswer(token, Source.STORE, START).to_dict()


def test_key_in_the_path_is_whole_and_stands_nowhere_else() -> None:
    answer = _answer({"path_prefix": f"/bot{KEY}"}, api_key="1234:AB-c_d")

    assert answer["path_prefix"] == "/bot1234:AB-c_d"
    assert (answer["headers"], answer["query"], answer["token_type"]) == ({}, {}, "N_A")
    assert not {"body", "header_name"} & answer.keys()


def test_key_in_the_body_is_filled_at_any_depth_and_all_else_stays() -> None:
    described = {"body": {"auth": {"key": KEY, "ids": ["{secret.id}", 7]}, "v": True, "{{": "{{"}}

    answer = _answer(described, api_key="K", id="I")

    assert answer["body"] == {"auth": {"key": "K", "ids": ["I", 7]}, "v": True, "{{": "{"}
    assert not {"path_prefix", "header_name"} & answer.keys()


def test_other_answers_have_neither() -> None:
    assert not {"path_prefix", "body"} & _answer({"query": {"k": KEY}}, api_key="K").keys()


@given(value=SEGMENTS)
@example(value="..")
@example(value="a/../../b")
@example(value="..%2F..%2Fadmin")
@example(value="%2e%2e")
@example(value="..;")
@example(value="\\..\\")
@example(value="")
def test_no_value_reaches_past_its_segment(value: str) -> None:
    try:
        path = _answer({"path_prefix": f"/v1/{KEY}/x"}, api_key=value)["path_prefix"]
    except CredentialNotReadyError as refused:
        error = refused
    else:
        assert path == f"/v1/{value}/x"
        assert path.split("/") == ["", "v1", value, "x"]
        assert value not in {"", ".", ".."}
        assert not set(value) & set("/%\\;?# \r\n")
        return
    assert error.rule == "secret.unusable"
    assert error.description == _refusal()


def _refusal() -> str:
    """What is said of any such value: it is the same for all, so it shows none."""
    with pytest.raises(CredentialNotReadyError) as caught:
        _answer({"path_prefix": f"/{KEY}"}, api_key="hunter2/")
    assert "hunter2" not in str(caught.value)
    return caught.value.description


@given(value=st.text())
@example(value='", "admin": "1')
@example(value='"}, {"')
@example(value="{secret.other}{token}")
def test_no_value_adds_a_member_to_the_body(value: str) -> None:
    answer = _answer({"body": {"auth": {"key": KEY}, "v": 2}}, api_key=value)

    assert json.loads(json.dumps(answer["body"])) == {"auth": {"key": value}, "v": 2}


@pytest.mark.parametrize(
    "described",
    [
        pytest.param({"path_prefix": "/bot{token}"}, id="a token in the path"),
        pytest.param({"path_prefix": "/x/{answer.a}", "query": {"t": "{token}"}}, id="an answer"),
        pytest.param({"path_prefix": 7, "query": {"t": "{token}"}}, id="a number"),
        pytest.param({"body": ["{token}"]}, id="a list"),
        pytest.param({"body": {"t": "{token"}}, id="a brace"),
        pytest.param({"body": {"t": "{token}", "u": ["{token}"]}}, id="two tokens"),
        pytest.param({"body": {"t": "{token}", "u": "{secret.client_secret}"}}, id="a secret"),
    ],
)
def test_description_that_cannot_be_kept_is_refused(described: dict[str, Any]) -> None:
    definition = _definition(described, CredentialKind.CLIENT_CREDENTIALS)

    with pytest.raises(CredentialNotReadyError) as caught:
        token_presenter(definition, ProviderSecret("id", Secret("s"), "acme.example"))

    assert caught.value.rule == "definition.api_request"


@pytest.mark.parametrize(("more", "is_sent"), [(0, True), (1, False)])
def test_body_beside_a_token_is_bounded(more: int, *, is_sent: bool) -> None:
    definition = _definition(
        {"body": {"t": "{token}", "k": KEY}}, CredentialKind.CLIENT_CREDENTIALS
    )
    room = bounds.API_REQUEST_CHARACTERS - len('{"t": "token", "k": ""}')
    fields = {"api_key": Secret("k" * (room + more))}
    secret = ProviderSecret("id", Secret("s"), "acme.example", fields=fields)

    if is_sent:
        assert callable(token_presenter(definition, secret))
        return
    with pytest.raises(CredentialNotReadyError, match=str(bounds.API_REQUEST_CHARACTERS)):
        token_presenter(definition, secret)


def test_parts_come_back_from_the_encrypted_item_and_show_nothing() -> None:
    parts = RequestParts(
        {}, {}, TokenType.NOT_BEARER, Secret("/bothunter2"), Secret('{"key": "hunter2"}')
    )

    assert parse_presentation(json.loads(json.dumps(build_presentation(parts)))) == parts
    assert "hunter2" not in repr(parts)


def test_item_of_a_former_version_has_neither() -> None:
    former = {"parts": {"headers": {"X": "t"}, "query": {}, "token_type": "N_A"}}

    assert parse_presentation(former) == RequestParts({"X": Secret("t")}, {})
