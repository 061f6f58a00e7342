"""The request to the provider: what is sent, where to, and that it is never shown."""

from base64 import b64decode
from dataclasses import replace
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import markers

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import (
    ClientAuthentication,
    CredentialDefinition,
    ScopeMode,
)
from tokenvend.domain.oauth.token_request import (
    ProviderSecret,
    build_revocation_request,
    build_token_request,
    host_of,
)
from tokenvend.domain.secret import Secret

SECRET = ProviderSecret("our-client", Secret("hunter2"), "a.example")
DEFINITION = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://a.example/t",
    revocation_endpoint="https://a.example/r",
    scope_mode=ScopeMode.NARROWS,
)
POSTED = replace(DEFINITION, client_authentication=ClientAuthentication.POST)
SPEC = TokenSpec(
    credential="jobs",
    definition="d",
    scopes=frozenset({"write", "read"}),
    audience="https://api.example",
    resources=("urn:api",),
)


@given(client_id=st.text(min_size=1), secret=st.text(min_size=1))
def test_basic_pair_reads_back_as_the_rfc_says(client_id: str, secret: str) -> None:
    request = build_token_request(
        DEFINITION, SPEC, ProviderSecret(client_id, Secret(secret), "a.example")
    )

    scheme, _, encoded = request.headers["Authorization"].partition(" ")
    one, _, other = b64decode(encoded, validate=True).decode("ascii").partition(":")
    assert scheme == "Basic"
    assert (unquote_plus(one), unquote_plus(other)) == (client_id, secret)
    assert {"client_id", "client_secret"}.isdisjoint(request.form)


def test_posted_pair_stands_in_the_form_alone() -> None:
    request = build_token_request(POSTED, SPEC, SECRET)

    assert (request.form["client_id"], request.form["client_secret"]) == ("our-client", "hunter2")
    assert "Authorization" not in request.headers


def test_form_names_all_that_was_granted() -> None:
    request = build_token_request(DEFINITION, SPEC, SECRET)

    assert request.url == "https://a.example/t"
    assert request.headers["Accept"] == "application/json"
    assert request.form == {
        "grant_type": "client_credentials",
        "scope": "read write",
        "audience": "https://api.example",
        "resource": "urn:api",
    }


def test_what_was_not_granted_is_left_out() -> None:
    bare = TokenSpec(credential="jobs", definition="d", scopes=frozenset())

    assert build_token_request(DEFINITION, bare, SECRET).form == {
        "grant_type": "client_credentials"
    }


@pytest.mark.parametrize(
    ("mode", "parameter", "sent"),
    [
        (ScopeMode.NARROWS, False, True),
        (ScopeMode.NARROWS, True, True),
        (ScopeMode.FIXED, False, False),
        (ScopeMode.FIXED, True, True),
    ],
)
def test_scope_is_sent_where_the_provider_wants_it(
    *, mode: ScopeMode, parameter: bool, sent: bool
) -> None:
    definition = replace(DEFINITION, scope_mode=mode, scope_parameter=parameter)

    assert ("scope" in build_token_request(definition, SPEC, SECRET).form) is sent


def test_scopes_are_joined_as_the_provider_wants() -> None:
    definition = replace(DEFINITION, scope_separator=",")

    assert build_token_request(definition, SPEC, SECRET).form["scope"] == "read,write"


@pytest.mark.parametrize("definition", [DEFINITION, POSTED])
def test_extra_parameters_change_nothing_that_was_decided(definition: CredentialDefinition) -> None:
    plain = build_token_request(definition, SPEC, SECRET)
    extras = dict.fromkeys(plain.form, "forged") | {"prompt": "none"}

    request = build_token_request(replace(definition, extra_parameters=extras), SPEC, SECRET)

    assert request.form == plain.form | {"prompt": "none"}
    assert extras["grant_type"] == "forged"


def test_revocation_names_the_token_and_its_kind() -> None:
    request = build_revocation_request(DEFINITION, Secret("token"), SECRET)

    assert request is not None
    assert request.url == "https://a.example/r"
    assert request.form == {"token": "token", "token_type_hint": "access_token"}
    assert request.headers["Authorization"].startswith("Basic ")


def test_provider_without_a_revocation_endpoint_is_sent_nothing() -> None:
    definition = replace(DEFINITION, revocation_endpoint=None)

    assert build_revocation_request(definition, Secret("token"), SECRET) is None


@given(value=markers)
def test_no_request_shows_what_it_holds(value: str) -> None:
    secret = ProviderSecret("our-client", Secret(value), "a.example")

    shown = [
        repr(secret),
        *(repr(build_token_request(each, SPEC, secret)) for each in (DEFINITION, POSTED)),
        repr(build_revocation_request(POSTED, Secret(value), secret)),
    ]

    assert not [text for text in shown if value in text]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://LOGIN.Acme.EXAMPLE/t", "login.acme.example"),
        ("https://a.example:443/t", "a.example:443"),
        ("https://good.example:pw@evil.example/t", "evil.example"),
        ("https://a@b@evil.example/t", "evil.example"),
        ("https://evil.example/@good.example", "evil.example"),
        ("https://evil.example?@good.example", "evil.example"),
        ("https://evil.example#@good.example", "evil.example"),
        ("https://good.example.evil.example/t", "good.example.evil.example"),
        ("https://a.example./t", "a.example."),
        ("https://[2001:DB8::1]/t", "[2001:db8::1]"),
        ("https://[2001:db8::1]:8443/t", "[2001:db8::1]:8443"),
        ("//a.example/t", "a.example"),
        ("a.example/t", ""),
        ("", ""),
    ],
)
def test_host_is_what_a_secret_is_compared_with(url: str, host: str) -> None:
    assert host_of(url) == host


def test_several_resources_are_all_named() -> None:
    spec = replace(SPEC, resources=("urn:a", "urn:b"))

    assert build_token_request(DEFINITION, spec, SECRET).form["resource"] == ["urn:a", "urn:b"]
