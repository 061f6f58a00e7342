"""How an entry of a public catalogue becomes a provider of the file, and what is counted."""

from dataclasses import replace
from typing import Any

import pytest
from scripts.catalogue.consent_parameters import REDIRECT_URI
from scripts.catalogue.entries import described, kind_of
from scripts.catalogue.measure import build_requests, count, problem_of, whole_entry
from scripts.catalogue.placeholders import CannotSayError
from tests.configuration.described import definition_of
from tests.scripts.catalogue_entries import (
    ACCOUNT,
    CLIENT,
    CONSENT,
    KEY,
    LOGIN,
    provable,
    provider_of,
)

from tokenvend.domain.errors import CredentialNotReadyError


def test_client_is_proven_as_the_entry_says() -> None:
    methods = {
        method: provider_of(CLIENT | {"token_request_auth_method": method})["client_authentication"]
        for method in ("basic", "custom", "private_key_jwt")
    }

    assert methods == {
        "basic": "client_secret_basic_unencoded",
        "custom": "client_secret_post",
        "private_key_jwt": "private_key_jwt",
    }
    certified = provider_of(CLIENT | {"require_client_certificate": True})
    assert certified["client_authentication"] == "tls_client_auth"


def test_customers_own_host_is_a_value_of_the_tenant() -> None:
    part = provider_of(CLIENT | {"token_url": f"https://{ACCOUNT}.acme.example/token"})
    whole = provider_of(CLIENT | {"token_url": f"https://{ACCOUNT}/token"})
    end = provider_of(CLIENT | {"token_url": f"https://login.acme.{ACCOUNT}/token"})

    assert part["token_endpoint"] == "https://{tenant.account_name}.acme.example/token"
    assert part["tenant_values"] == {"account_name": ["*"]}
    assert whole["tenant_values"] == {"account_name": ["login.customer.example"]}
    assert end["tenant_values"] == {"account_name": ["example"]}


def test_login_sends_what_the_entry_says_and_reads_its_answer() -> None:
    told = {
        "body_format": "json",
        "token_params": {"user": "${credentials.userName}", "q": '{ "a": 1 }'},
        "token_headers": {"X-Key": "${credentials.key}", "content-type": "application/json"},
        "token_response": {
            "token": "data.token",
            "token_expiration": "data.until",
            "token_expiration_strategy": "expireAt",
        },
    }

    provider = provider_of(LOGIN | told)

    assert provider["client_authentication"] == "none"
    assert provider["token_request"]["parameters"] == {
        "user": "{secret.user_name}",
        "q": '{{ "a": 1 }}',
    }
    assert provider["token_request"]["headers"] == {"x-key": "{secret.key}"}
    assert provider["token_request"]["parameters_in"] == "json"
    assert provider["token_answer"] == {
        "token": "data.token",
        "lifetime": "data.until",
        "lifetime_unit": "rfc3339",
    }


def test_service_account_signs() -> None:
    payload = {"iss": "${credentials.clientId}", "aud": "acme", "role": "reader"}

    provider = provider_of(LOGIN | {"token": {"payload": payload}, "token_params": {}})

    assert provider["token_request"]["assertion"] == {
        "issuer": "{secret.client_id}",
        "audience": "acme",
        "claims": {"role": "reader"},
    }


def test_consent_asks_as_the_entry_says() -> None:
    told = {
        "authorization_params": {"response_type": "code", "access_type": "offline", "page": 1},
        "authorization_url_replacements": {
            "client_id": "client_key",
            "response_type=": "responseType=",
        },
        "token_params": {"grant_type": "authorization_code", "expiring": 1},
        "authorization_method": "header",
    }

    provider = provider_of(CONSENT | told)

    assert provider["client_authentication"] == "client_secret_basic_unencoded"
    assert provider["authorization_parameters"] == {
        "access_type": "offline",
        "page": "1",
        "client_key": "the-client-id",
        "responseType": "code",
    }
    assert provider["token_request"] == {
        "parameters": {"expiring": "1"},
        "query": {},
        "headers": {},
    }


def test_parameters_of_one_request_are_apart_from_those_of_both() -> None:
    told = {
        "token_params": {"grant_type": "authorization_code", "type": "web", "app": 1, "once": "a"},
        "refresh_params": {"grant_type": "refresh_token", "type": "refresh", "app": 1},
    }

    request = provider_of(CONSENT | told)["token_request"]

    assert request["parameters"] == {"app": "1"}
    assert request["code_exchange"]["parameters"] == {"type": "web", "once": "a"}
    assert request["refresh"] == {"parameters": {"type": "refresh"}, "query": {}}


def test_query_of_the_refresh_url_is_of_refreshes_alone() -> None:
    told = {"refresh_url": f"{CONSENT['token_url']}?refresh"}

    provider = provider_of(CONSENT | told)

    assert provider["token_request"]["refresh"]["query"] == {"refresh": ""}
    assert provider["consent_flow"] == {"refresh_endpoint": CONSENT["token_url"]}


def test_request_of_a_refresh_that_cannot_be_built_is_not_counted() -> None:
    credential = {"kind": "authorization_code", "redirect_uri": REDIRECT_URI}
    definition = definition_of(provider_of(CONSENT), credential)
    build_requests(definition)

    with pytest.raises(CredentialNotReadyError, match="token_request"):
        build_requests(replace(definition, token_request={"refresh": {"query": {"at": 1}}}))


def test_client_that_is_encoded_under_another_scheme_is_a_field_of_the_secret() -> None:
    told = provider_of(
        LOGIN
        | {"token_headers": {"authorization": "ID ${base64(${credentials.id}:${credentials.s})}"}}
    )

    assert told["token_request"]["headers"] == {"authorization": "ID {secret.encoded_client}"}


def test_token_that_is_the_whole_answer_is_read_as_text() -> None:
    told = provider_of(provable(LOGIN) | {"token_response": {"token": ""}})

    assert told["token_answer"] == {"plain_text": True}


def test_authorization_request_has_a_fragment_and_a_nonce_where_the_entry_says_so() -> None:
    told = provider_of(
        CONSENT
        | {"authorization_url_fragment": "allow", "authorization_params": {"nonce": "${random}"}}
        | {"authorization_url_replacements": {"response_type": ""}}
    )

    assert told["consent_flow"]["fragment"] == "/allow"
    assert told["authorization_parameters"] == {"nonce": "{nonce}"}


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (CLIENT | {"proxy": {"headers": {"x-at": "${random}"}}}, "computed for each API request"),
        (CLIENT | {"proxy": {"headers": {"authorization": "Key 1"}}}, "something else than"),
        (CLIENT | {"proxy": {"headers": {"authorization": "Bearer ${apiKey}"}}}, "is computed"),
        (KEY | {"proxy": {"base_url": "https://${apiKey}.acme.example"}}, "in the host of each"),
        (KEY, "does not say where the key goes"),
        (KEY | {"proxy": {"query": {"v": "2"}}}, "does not say where the key goes"),
        (
            {
                "auth_mode": "BASIC",
                "credentials_verification_script": "lastpassCredentialsVerification",
            },
            "in a body, and the entry does not say how",
        ),
        (CONSENT | {"authorization_params": {"password": "${x}"}}, "password is in the author"),
        (LOGIN | {"additional_steps": [{}]}, "several requests"),
        (LOGIN | {"token_headers": {"x-at": "${now}"}}, "a value is computed"),
        (LOGIN | {"token": {}, "signature": {"protocol": "HMAC"}}, "a key that both sides have"),
        ({"auth_mode": "OAUTH2_CC"}, "names no token endpoint"),
        (CONSENT | {"authorization_url_replacements": {"state": "x"}}, "is not the standard's"),
        (CONSENT | {"authorization_url_replacements": {"state=": "x="}}, "is not the standard's"),
        (CONSENT | {"authorization_code_param_in_webhook": "a.b"}, "by a webhook"),
    ],
)
def test_what_has_no_words_is_told(entry: dict[str, Any], why: str) -> None:
    with pytest.raises(CannotSayError, match=why):
        described(entry)


def test_kinds_are_counted_and_others_are_left_out() -> None:
    catalogue = {
        "a": CLIENT,
        "b": {"alias": "a", "token_url": "http://plain.acme.example/token"},
        "c": {"auth_mode": "OAUTH1"},
        "d": CLIENT | {"additional_steps": [{}]},
        "e": KEY | {"proxy": {"query": {"key": "${apiKey}"}}},
    }

    counted = count(catalogue)

    assert counted["kinds"]["client_credentials"] == {"all": 3, "described": 1}
    assert counted["kinds"]["api_key"] == {"all": 1, "described": 1}
    assert counted["reasons"] == {
        "several requests, one after another": 1,
        "tokenvend validate refuses it": 1,
    }
    assert kind_of(whole_entry(catalogue, "b")) == "client_credentials"


def test_request_that_cannot_be_built_is_not_counted() -> None:
    provider = provider_of(CLIENT) | {"token_request": {"headers": {"X-Key": "{secret.key}é"}}}

    assert problem_of(provider, {}) is not None
