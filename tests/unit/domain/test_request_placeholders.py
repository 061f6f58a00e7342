"""A description's placeholders name fields of the secret, and are replaced once."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.domain.described_requests import DEFINITION, request_as

from tokenvend.domain.credential_definition import ClientAuthentication
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.request_description import placeholders
from tokenvend.domain.oauth.templates import PLACEHOLDER, TEMPLATE
from tokenvend.domain.secret_fields import optional_secret_fields, secret_fields, secret_of


@pytest.mark.parametrize("name", ["private_key", "certificate", "unknown"])
def test_key_or_missing_field_is_put_nowhere(name: str) -> None:
    fields = {"private_key": "PEM", "certificate": "PEM"}

    with pytest.raises(CredentialNotReadyError, match=f"has no field {name}"):
        request_as({"query": {"a": f"{{secret.{name}}}"}}, **fields)


def test_fields_are_named_once_and_in_their_order() -> None:
    document = {
        "parameters": {"a": ["{secret.one}{secret.two}"]},
        "query": {"b": "{secret.two}"},
        "headers": {"c": "{secret.three}"},
        "assertion": {"claims": {"d": "{secret.four}"}},
    }

    assert placeholders(document) == ("one", "two", "three", "client_id", "four")


@pytest.mark.parametrize(
    ("method", "described", "fields", "optional"),
    [
        (ClientAuthentication.NONE, {}, (), {"client_id"}),
        (ClientAuthentication.BASIC, {}, ("client_id", "client_secret"), {"client_id"}),
        (
            ClientAuthentication.POST,
            {"assertion": {}},
            ("client_id", "client_secret", "private_key"),
            {"client_id", "key_id"},
        ),
        (
            ClientAuthentication.PRIVATE_KEY_JWT,
            {"assertion": {}},
            ("client_id", "private_key"),
            {"client_id", "key_id"},
        ),
        (
            ClientAuthentication.TLS_CLIENT_AUTH,
            {"query": {"a": "{secret.b}"}},
            ("client_id", "certificate", "private_key", "b"),
            {"client_id", "key_id"},
        ),
        (
            ClientAuthentication.NONE,
            {"query": {"a": "{secret.client_secret}"}},
            ("client_secret",),
            {"client_id"},
        ),
    ],
)
def test_secret_has_what_proves_the_client_and_what_is_named(
    method: ClientAuthentication,
    described: dict[str, Any],
    fields: tuple[str, ...],
    optional: set[str],
) -> None:
    definition = replace(DEFINITION, client_authentication=method, token_request=described)

    secret = secret_of(definition, {name: name for name in fields}, allowed_host="a.example")

    assert secret_fields(definition) == fields
    assert optional_secret_fields(definition) == optional
    assert {each.reveal() for each in secret.fields.values()} <= {*fields}
    sends_secret = method in {ClientAuthentication.BASIC, ClientAuthentication.POST}
    assert (secret.client_secret.reveal() == "client_secret") is sends_secret


@given(st.text(st.sampled_from("{}as.")) | st.text())
def test_text_with_a_single_brace_is_no_template(text: str) -> None:
    rest = re.sub(r"\{\{|\}\}|" + PLACEHOLDER.pattern, "", text)

    is_template = TEMPLATE.fullmatch(text) is not None
    # From the left: `{{{` is a brace, and half of another.
    assert is_template or "{" in text or "}" in text
    assert not is_template or ("{" not in rest and "}" not in rest)


@given(st.text())
def test_any_text_can_be_written(text: str) -> None:
    written = text.replace("{", "{{").replace("}", "}}")

    assert TEMPLATE.fullmatch(written)
    assert request_as({"query": {"q": written}}).query["q"] == text


@given(
    st.lists(
        st.text(st.characters(exclude_characters="{}"))
        | st.sampled_from(["{secret.a}", "{secret.b}", "{{", "}}"]),
        max_size=6,
    ),
    st.text(),
    st.text(),
)
def test_only_placeholders_are_replaced_and_what_is_put_in_is_not_read_again(
    parts: list[str], one: str, two: str
) -> None:
    request = request_as({"query": {"q": "".join(parts)}}, a=one, b=two)

    values = {"{secret.a}": one, "{secret.b}": two, "{{": "{", "}}": "}"}
    assert request.query["q"] == "".join(values.get(part, part) for part in parts)
