"""Values of the secret arrive as they are, or nothing is sent; none is logged."""

import logging
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.configuration.described import ReceivedRequest, definition_of, token_endpoint, vend
from tests.configuration.samples import FIXED
from tests.configuration.sent_requests import CLIENT, NO_CLIENT, sent_request

from tokenvend.adapters.provider_http import encoded
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.errors import CredentialNotReadyError, TemporarilyUnavailableError
from tokenvend.domain.oauth.token_request import build_token_request
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret_destination import destination_of
from tokenvend.domain.secret_fields import secret_fields, secret_of


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "caf\u00e9", "\x00", "\u2028"])
def test_value_that_no_header_can_hold_is_never_sent(value: str) -> None:
    with token_endpoint() as endpoint:
        provider = {
            "token_endpoint": endpoint.url,
            "token_request": {"headers": {"X-Account": "{secret.account_id}"}},
        }
        with pytest.raises(CredentialNotReadyError, match="the header X-Account") as caught:
            vend(provider, CLIENT | {"account_id": value})

        assert endpoint.server.requests == []
    assert value not in str(caught.value)


def test_field_that_the_secret_lacks_is_named() -> None:
    with pytest.raises(CredentialNotReadyError, match="has no field account_id"):
        sent_request({"parameters": {"account": "{secret.account_id}"}}, CLIENT)


def test_half_a_character_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(CredentialNotReadyError, match="no Unicode text"):
        sent_request(
            {"parameters": {"account": "{secret.account_id}"}}, CLIENT | {"account_id": "\ud800"}
        )


def test_secret_in_a_query_is_in_no_log_and_no_exception(
    caplog: pytest.LogCaptureFixture,
) -> None:
    described = {"parameters_in": "query", "parameters": {"key": "{secret.account_id}"}}
    secret = CLIENT | {"account_id": "an-account-key"}
    with caplog.at_level(logging.DEBUG):
        sent_request(described, secret, client_authentication="client_secret_post")
        nobody = {"token_endpoint": "http://127.0.0.1:1/t", "token_request": described}
        with pytest.raises(TemporarilyUnavailableError) as caught:
            vend(nobody | {"client_authentication": "client_secret_post"}, secret)

    text = caplog.text + "".join(traceback.format_exception(caught.value))
    assert [each for each in ("an-account-key", "s3cret") if each in text] == []


def test_everything_from_the_secret_is_confidential_wherever_it_stands() -> None:
    described = {
        "parameters_in": "json",
        "parameters": {"a": {"b": ["{secret.one}"]}},
        "query": {"c": "x{secret.two}"},
        "headers": {"X-D": "{secret.three}"},
    }
    definition = definition_of(FIXED | {"token_request": described}, {})
    values = {name: f"value-of-{name}" for name in secret_fields(definition)}
    secret = secret_of(definition, values, allowed_host=destination_of(definition))
    spec = TokenSpec(credential="jobs", definition="d", scopes=NO_SCOPES)

    request = build_token_request(definition, spec, secret)

    confidential = {each.reveal() for each in request.confidential}
    assert {f"value-of-{name}" for name in ("one", "two", "three", "client_secret")} <= confidential
    shown = repr(request) + repr(secret).replace("value-of-client_id", "")
    assert "value-of" not in shown


_names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in {"client_id", "client_secret", "private_key", "certificate"}
)
_texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(
    place=st.sampled_from(["form", "json", "query"]),
    fields=st.dictionaries(_names, _texts, min_size=1, max_size=3),
    around=st.text(st.characters(codec="utf-8", exclude_characters="{}"), max_size=5),
)
def test_any_value_arrives_in_its_place_as_it_is(
    place: str, fields: dict[str, str], around: str
) -> None:
    # Names that would need a placeholder are not what this is about: each value has one.
    parameters = {f"p.{name}": f"{around}{{secret.{name}}}{around}" for name in fields}
    described = {"omit_grant_type": True, "parameters_in": place, "parameters": parameters}
    definition = definition_of(FIXED | NO_CLIENT | {"token_request": described}, {})
    secret = secret_of(definition, fields, allowed_host=destination_of(definition))
    spec = TokenSpec(credential="jobs", definition="d", scopes=NO_SCOPES)

    url, headers, body = encoded(build_token_request(definition, spec, secret))

    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    target = url.removeprefix("https://login.acme.example")
    sent = ReceivedRequest.of(f"POST {target} HTTP/1.1\r\n{lines.rstrip()}\r\n\r\n".encode() + body)
    expected = {f"p.{name}": f"{around}{value}{around}" for name, value in fields.items()}
    found = sent.query if place == "query" else sent.json if place == "json" else sent.form
    assert found == expected
