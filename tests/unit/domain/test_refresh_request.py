"""What is sent to redeem a refresh token (RFC 6749 §6)."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.consent.refreshing import CONSENT, DEFINITION

from tokenvend.domain.consent_flow import ConsentFlow
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.refresh import build_refresh_request
from tokenvend.domain.oauth.token_request import ProviderRequest, ProviderSecret
from tokenvend.domain.secret import Secret

SECRET = ProviderSecret("our-client", Secret("our-secret"), "login.acme.example")


def test_the_form_is_that_of_the_rfc_whatever_the_provider_wants_besides() -> None:
    definition = replace(
        DEFINITION,
        extra_parameters={"grant_type": "password", "refresh_token": "theirs", "brand": "1"},
        scope_separator=",",
    )

    request = build_refresh_request(
        definition,
        CONSENT.refresh_token,
        SECRET,
        requested_scopes=frozenset({"jobs_read", "jobs_manage"}),
    )

    assert request.url == DEFINITION.token_endpoint
    assert request.form == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-1",
        "scope": "jobs_manage,jobs_read",
        "brand": "1",
    }


def _refresh(described: dict[str, Any], **fields: str) -> ProviderRequest:
    secret = replace(SECRET, fields={name: Secret(each) for name, each in fields.items()})
    definition = replace(DEFINITION, token_request=described)
    return build_refresh_request(definition, CONSENT.refresh_token, secret, requested_scopes=None)


def test_parameters_of_a_refresh_replace_common_ones_and_never_those_of_the_rfc() -> None:
    own = {
        "parameters": {"type": "refresh", "key": "{secret.key}", "refresh_token": "forged"},
        "query": {"a": "b"},
    }

    common = {"type": "all", "brand": "1"}
    request = _refresh({"parameters": common, "refresh": own}, key="k-1")

    assert request.form == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-1",
        "type": "refresh",
        "brand": "1",
        "key": "k-1",
    }
    assert request.query == {"a": "b"}
    assert Secret("k-1") in request.confidential


def test_what_is_said_of_the_code_exchange_alone_is_not_in_a_refresh() -> None:
    described = {"code_exchange": {"parameters": {"type": "web"}, "query": {"a": "b"}}}

    request = _refresh(described)

    assert "type" not in request.form
    assert request.query == {}


@pytest.mark.parametrize(
    "own",
    [
        [],
        {"headers": {"A": "b"}},
        {"parameters": []},
        {"parameters": {"a": 1}},
        {"query": {"a": 1}},
        {"parameters": {"a": "{b}"}},
        {"query": {"a": "{secret.b"}},
    ],
    ids=str,
)
def test_parameters_of_a_refresh_that_cannot_be_read_send_nothing(own: object) -> None:
    with pytest.raises(CredentialNotReadyError, match="apply the file again"):
        _refresh({"parameters": {"type": "all"}, "refresh": own})


@pytest.mark.parametrize("requested_scopes", [None, frozenset()])
def test_no_scope_is_sent_where_none_is_asked_for(requested_scopes: frozenset[str] | None) -> None:
    request = build_refresh_request(
        DEFINITION, CONSENT.refresh_token, SECRET, requested_scopes=requested_scopes
    )

    assert "scope" not in request.form


def test_a_refresh_endpoint_of_another_host_gets_no_secret() -> None:
    authorization = DEFINITION.authorization
    assert authorization is not None
    flow = ConsentFlow(refresh_endpoint="https://elsewhere.example/token")
    definition = replace(DEFINITION, authorization=replace(authorization, flow=flow))

    with pytest.raises(CredentialNotReadyError) as caught:
        build_refresh_request(definition, CONSENT.refresh_token, SECRET, requested_scopes=None)

    assert caught.value.rule == "secret.host"
    assert caught.value.description == (
        "The definition's refresh_endpoint has another host than its token endpoint."
    )


@pytest.mark.parametrize("described", [{"token": "a b"}, {"scope": "access_token"}], ids=str)
def test_no_request_is_made_whose_answer_could_not_be_read(described: dict[str, str]) -> None:
    definition = replace(DEFINITION, token_answer=described)

    with pytest.raises(CredentialNotReadyError) as caught:
        build_refresh_request(definition, CONSENT.refresh_token, SECRET, requested_scopes=None)

    assert caught.value.rule == "definition.token_answer"
