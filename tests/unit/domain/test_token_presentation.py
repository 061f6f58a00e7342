"""How a token is sent to its API: what each description makes of it, and what it refuses."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.clock import START

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source, VendAnswer
from tokenvend.domain.api_request import token_presenter
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken

BEARER = "Bearer {token}"
TOKEN = AccessToken(
    access_token=Secret("t0ken:1"),
    scopes=frozenset(),
    requested_at=START,
    expires_at=START + timedelta(hours=1),
)
DEFINITION = CredentialDefinition(
    name="jobs", provider="acme", token_endpoint="https://login.acme.example/token"
)


def _secret(**fields: str) -> ProviderSecret:
    values = {name: Secret(value) for name, value in fields.items()}
    return ProviderSecret("id", Secret("s3cret"), "login.acme.example", fields=values)


def _answer(document: Mapping[str, Any], **fields: str) -> dict[str, Any]:
    definition = replace(DEFINITION, api_request=document)
    token = token_presenter(definition, _secret(**fields))(TOKEN)
    return VendAnswer(token, Source.PROVIDER, START).to_dict()


@pytest.mark.parametrize(
    ("document", "headers", "query", "token_type"),
    [
        pytest.param(
            {"header_name": "X-Access-Token"},
            {"X-Access-Token": "t0ken:1"},
            {},
            "N_A",
            id="another header",
        ),
        pytest.param(
            {"header_name": "Authorization", "header_prefix": "Own-oauthtoken "},
            {"Authorization": "Own-oauthtoken t0ken:1"},
            {},
            "N_A",
            id="another prefix",
        ),
        pytest.param(
            {"header_name": "authorization", "header_prefix": "bearer "},
            {"authorization": "bearer t0ken:1"},
            {},
            "Bearer",
            id="bearer in small letters",
        ),
        pytest.param(
            {"headers": {"Authorization": BEARER, "X-Api-Key": "{secret.api_key}"}},
            {"Authorization": "Bearer t0ken:1", "X-Api-Key": "K"},
            {},
            "Bearer",
            id="a key beside a bearer token",
        ),
        pytest.param(
            {"query": {"access_token": "{token}", "v": "2"}},
            {},
            {"access_token": "t0ken:1", "v": "2"},
            "N_A",
            id="the query",
        ),
        pytest.param(
            {"headers": {"X-Session": 'id="{token}"; key={secret.api_key}'}},
            {"X-Session": 'id="t0ken:1"; key=K'},
            {},
            "N_A",
            id="in the middle of a header",
        ),
        pytest.param(
            {"basic": {"username": "{secret.api_key}", "password": "{token}"}},
            {"Authorization": "Basic Szp0MGtlbjox"},
            {},
            "N_A",
            id="as a password",
        ),
        pytest.param(
            {"basic": {"username": "{token}", "password": ""}},
            {"Authorization": "Basic dDBrZW46MTo="},
            {},
            "N_A",
            id="as a user name, which cannot fail any more once there is a token",
        ),
    ],
)
def test_token_is_sent_as_the_description_says(
    document: dict[str, Any], headers: dict[str, str], query: dict[str, str], token_type: str
) -> None:
    answer = _answer(document, api_key="K")

    assert (answer["headers"], answer["query"]) == (headers, query)
    assert answer["token_type"] == token_type
    # Reports name the token by its own digest, however it is sent.
    assert answer["access_token"] == "t0ken:1"
    assert answer["token_sha256"] == Secret("t0ken:1").sha256


def test_one_header_is_also_told_by_its_name_and_prefix_and_several_are_not() -> None:
    one = _answer({"headers": {"X-Token": "Key {token}"}})
    several = _answer({"headers": {"Authorization": BEARER, "X-Version": "2"}})

    assert (one["header_name"], one["header_prefix"]) == ("X-Token", "Key ")
    assert not {"header_name", "header_prefix"} & several.keys()


def test_text_that_looks_like_a_placeholder_is_not_filled_in_a_value() -> None:
    answer = _answer(
        {"headers": {"X-Token": "{token}", "X-Key": "{secret.api_key}", "X-Brace": "{{token}}"}},
        api_key="{token}{secret.other}",
    )

    assert answer["headers"]["X-Key"] == "{token}{secret.other}"
    assert answer["headers"]["X-Brace"] == "{token}"


@pytest.mark.parametrize(
    ("document", "fields", "rule"),
    [
        pytest.param({"headers": {"X": "1"}}, {}, "definition.api_request", id="no token"),
        pytest.param(
            {"headers": {"X": "{token}"}, "query": {"t": "{token}"}},
            {},
            "definition.api_request",
            id="two tokens",
        ),
        pytest.param({"headers": {"X": "{{token}}"}}, {}, "definition.api_request", id="a brace"),
        pytest.param(
            {"headers": {"X": "{token}", "Y": "{tenant.z}"}},
            {},
            "definition.api_request",
            id="a tenant's value that was never declared",
        ),
        pytest.param({"header_name": 7}, {}, "definition.api_request", id="a number"),
        *(
            pytest.param(
                {"headers": {"X": "{token}", "Y": f"{{secret.{name}}}"}},
                {name: "hunter2"},
                "definition.api_request",
                id=name,
            )
            for name in ("client_secret", "password", "refresh_token", "private_key", "certificate")
        ),
        pytest.param(
            {"headers": {"X": "{token}", "Y": "{secret.api_key}"}},
            {"api_key": "hunter2\r\nX-Admin: 1"},
            "secret.unusable",
            id="a header more",
        ),
        pytest.param(
            {"header_name": "X", "header_prefix": "a\r\nX-Admin: 1\r\nY: "},
            {},
            "secret.unusable",
            id="a header more in the prefix",
        ),
        pytest.param(
            {"basic": {"username": "{secret.user}", "password": "{token}"}},
            {"user": "hunter2:x"},
            "secret.unusable",
            id="a colon in the user name",
        ),
        pytest.param(
            {"headers": {"X": "{token}", "Y": "{secret.api_key}"}},
            {},
            "secret.unusable",
            id="a field that is missing",
        ),
    ],
)
def test_what_cannot_be_sent_is_found_before_there_is_a_token(
    document: dict[str, Any], fields: dict[str, str], rule: str
) -> None:
    with pytest.raises(CredentialNotReadyError) as caught:
        token_presenter(replace(DEFINITION, api_request=document), _secret(**fields))

    assert caught.value.rule == rule
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("more", "is_sent"), [(0, True), (1, False)])
def test_what_is_sent_beside_a_token_is_bounded(more: int, *, is_sent: bool) -> None:
    document = {"query": {"t": "{token}", "key": "{secret.api_key}"}}
    room = bounds.API_REQUEST_CHARACTERS - len("token")
    value = "k" * (room + more)

    if is_sent:
        assert _answer(document, api_key=value)["query"]["key"] == value
        return
    with pytest.raises(CredentialNotReadyError) as caught:
        _answer(document, api_key=value)
    assert (caught.value.rule, "kkk" in str(caught.value)) == ("secret.unusable", False)


def test_values_do_not_show_in_a_token() -> None:
    document = {"headers": {"X-Token": "{token}", "X-Key": "{secret.api_key}"}}
    token = token_presenter(replace(DEFINITION, api_request=document), _secret(api_key="hunter2"))(
        TOKEN
    )

    shown = repr(token) + str(token)
    assert "hunter2" not in shown
    assert "t0ken" not in shown


def test_user_consent_has_the_same_form() -> None:
    definition = replace(
        DEFINITION,
        kind=CredentialKind.AUTHORIZATION_CODE,
        api_request={"header_name": "X-Access-Token"},
    )

    token = token_presenter(definition, _secret())(TOKEN)

    assert VendAnswer(token, Source.STORE, START).to_dict()["header_name"] == "X-Access-Token"


@pytest.mark.parametrize(
    ("place", "header", "value"),
    [
        ({"scheme": "Userkey"}, "Authorization", "Userkey Szp0MGtlbjox"),
        ({"header": "X-Auth", "scheme": ""}, "X-Auth", "Szp0MGtlbjox"),
    ],
)
def test_base64_text_goes_where_the_description_says(
    place: dict[str, str], header: str, value: str
) -> None:
    basic = {"username": "{secret.api_key}", "password": "{token}"} | place

    assert _answer({"basic": basic}, api_key="K")["headers"] == {header: value}
