"""What is sent: token requests and static credentials by any description, with any secret."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from hypothesis import strategies as st

from fuzzing import hostile
from fuzzing.hostile import MARKER
from fuzzing.target import FuzzTarget, keeps_secret
from tokenvend.adapters.provider_http import encoded
from tokenvend.domain.api_request import present, token_presenter
from tokenvend.domain.api_request_description import NEVER_TO_CALLERS, api_request_fields
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import (
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
)
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.oauth.request_description import placeholders
from tokenvend.domain.oauth.token_request import ProviderSecret, build_token_request
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import TO_CALLERS
from tokenvend.domain.secret_fields import secret_fields, secret_of
from tokenvend.domain.token import AccessToken
from tokenvend.domain.token_presentation import Header

_HOST = "login.acme.example"
_DEFINITION = CredentialDefinition(
    name="jobs", provider="acme", token_endpoint=f"https://{_HOST}/token"
)
_USER_TOKEN = Secret(f"{MARKER}.user")
_SPEC = TokenSpec(credential="jobs", definition="d", scopes=NO_SCOPES)
_BASE: dict[str, Any] = {
    "grant_type": "own",
    "parameters_in": "json",
    "parameters": {"account": {"id": ["{secret.account}", 7]}},
    "query": {"v": "{secret.version}"},
    "headers": {"X-Key": "Key {secret.key}"},
}
_templates = st.sampled_from(
    ["{secret.account}", "a{secret.key}b", "plain", "{", "{secret.}", "{token}"]
)
_by_name = st.dictionaries(hostile.texts, _templates | hostile.texts, max_size=3)
_descriptions = st.fixed_dictionaries(
    {},
    optional={
        "grant_type": hostile.texts,
        "omit_grant_type": st.booleans(),
        "method": st.sampled_from(["GET", "POST", "PUT"]),
        "parameters_in": st.sampled_from(["form", "json", "query", "xml"]),
        "parameters": _by_name | st.dictionaries(hostile.texts, hostile.json_values, max_size=2),
        "query": _by_name,
        "headers": _by_name,
        "on_behalf_of": st.sampled_from(["token_exchange", "jwt_bearer", "password"]),
        "assertion": st.dictionaries(
            st.sampled_from(
                ["issuer", "subject", "audience", "claims", "parameter", "lifetime_seconds"]
            ),
            _templates | hostile.json_values,
            max_size=3,
        ),
    },
)


def _check_request(case: tuple[dict[str, Any], ClientAuthentication, str]) -> str:
    described, method, value = case
    definition = replace(_DEFINITION, client_authentication=method, token_request=described)
    values = {name: f"{MARKER}-{name}-{value}" for name in secret_fields(definition)}
    # It is no secret, and is shown with the assertion that it signs.
    values["client_id"] = f"client-{value}"
    secret = secret_of(definition, values, allowed_host=_HOST)
    try:
        request = build_token_request(definition, _SPEC, secret, user_token=_USER_TOKEN)
        keeps_secret(request)
        url, headers, _ = encoded(request)
    except TokenVendError as error:
        keeps_secret(error, error.rule)
        return str(error.rule)
    except UnicodeEncodeError:
        # No stored secret has half a character: `secrets` shows it.
        return "half a character"
    assert urlsplit(url).netloc == _HOST, "another host"
    assert urlsplit(url).path == "/token", "another path"
    assert not any(mark in text for text in headers.values() for mark in "\r\n"), "a header more"
    confidential = {each.reveal() for each in request.confidential}
    placed = {secret.fields[name].reveal() for name in placeholders(described)}
    assert confidential >= placed, "a value forgotten"
    return request.parameters_in


_STATIC: dict[str, Any] = {
    "headers": {"X-Key": "Key {secret.key}", "X-Account": "{secret.account}"},
    "query": {"key": "{secret.key}"},
    "basic": {"username": "{secret.account}", "password": ""},
}
_OF_TOKEN: dict[str, Any] = {
    "headers": {"Authorization": "Own {token}", "X-Key": "{secret.key}"},
    "query": {"account": "{secret.account}"},
}
_TOKEN = AccessToken(
    access_token=Secret(f"{MARKER}-token"),
    scopes=NO_SCOPES,
    requested_at=datetime(2026, 1, 1, tzinfo=UTC),
    expires_at=datetime(2026, 1, 2, tzinfo=UTC),
)


def _check_api_request(case: tuple[dict[str, Any], CredentialKind, str]) -> str:
    described, kind, value = case
    definition = replace(_DEFINITION, kind=kind, api_request=described)
    fields = {name: Secret(f"{MARKER}-{value}") for name in api_request_fields(definition)}
    assert kind is CredentialKind.API_KEY or NEVER_TO_CALLERS.isdisjoint(fields), "a client's own"
    secret = ProviderSecret("", Secret(""), TO_CALLERS, fields=fields)
    try:
        if kind is CredentialKind.API_KEY:
            presented = present(definition, secret)
            named, sent_as = presented.access_token, presented.sent_as
        else:
            token = token_presenter(definition, secret)(_TOKEN)
            named, sent_as = token.access_token, token.sent_as
            assert named == _TOKEN.access_token, "another token"
    except TokenVendError as error:
        keeps_secret(error, error.rule)
        return str(error.rule)
    except UnicodeEncodeError:
        return "half a character"
    keeps_secret(sent_as)
    if isinstance(sent_as, Header):
        assert not set(sent_as.prefix + named.reveal()) & {"\r", "\n"}, "a header more"
        return "one header"
    headers = (each.reveal() for each in sent_as.headers.values())
    assert not any(mark in text for text in headers for mark in "\r\n"), "a header more"
    return "several parts"


TARGETS = (
    FuzzTarget(
        name="described-request",
        promise="any description and any secret: a request to that endpoint alone, or a refusal",
        inputs=st.tuples(
            _descriptions | hostile.altered(_BASE),
            st.sampled_from(ClientAuthentication),
            hostile.texts,
        ),
        check=_check_request,
    ),
    FuzzTarget(
        name="api-request",
        promise="any description and any secret: each part whole, or a refusal that quotes nothing",
        inputs=st.tuples(
            st.fixed_dictionaries(
                {}, optional={"headers": _by_name, "query": _by_name, "basic": _by_name}
            )
            | hostile.altered(_STATIC)
            | hostile.altered(_OF_TOKEN),
            st.sampled_from([CredentialKind.API_KEY, CredentialKind.CLIENT_CREDENTIALS]),
            hostile.texts,
        ),
        check=_check_api_request,
    ),
)
