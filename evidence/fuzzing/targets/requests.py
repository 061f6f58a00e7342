"""What is sent to a token endpoint by any description, with any secret."""

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from hypothesis import strategies as st

from fuzzing import hostile
from fuzzing.hostile import MARKER
from fuzzing.target import FuzzTarget, keeps_secret
from tokenvend.adapters.provider_http import encoded
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import (
    Authorization,
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
)
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.oauth.code_exchange import build_code_request
from tokenvend.domain.oauth.refresh import build_refresh_request
from tokenvend.domain.oauth.request_description import ONE_REQUEST, of_request, placeholders
from tokenvend.domain.oauth.token_request import (
    ProviderRequest,
    ProviderSecret,
    build_token_request,
)
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_fields import secret_fields, secret_of

HOST = "login.acme.example"
DEFINITION = CredentialDefinition(
    name="jobs", provider="acme", token_endpoint=f"https://{HOST}/token"
)
#: The user's token, refresh token or code that a request has in it.
_ISSUED = Secret(f"{MARKER}.issued")
_VERIFIER = Secret(f"{MARKER}.verifier")
_AUTHORIZATION = Authorization(
    endpoint=f"https://{HOST}/authorize", redirect_uri="https://shop.example/back"
)
_SPEC = TokenSpec(credential="jobs", definition="d", scopes=NO_SCOPES)
_BASE: dict[str, Any] = {
    "grant_type": "own",
    "parameters_in": "json",
    "parameters": {"account": {"id": ["{secret.account}", 7]}},
    "query": {"v": "{secret.version}"},
    "headers": {"X-Key": "Key {secret.key}"},
    "refresh": {"parameters": {"account": "{secret.account}"}, "query": {"v": "2"}},
    "code_exchange": {"query": {"k": "{secret.other}"}},
}
#: Texts with placeholders, some of which are none.
templates = st.sampled_from(
    [
        *("{secret.account}", "a{secret.key}b", "plain", "{", "{secret.}", "{token}"),
        *("{answer.shop.id}", "{answer.shop.00}", "{answer.refresh_token}", "{cookie.ROUTE}"),
        *("/{secret.account}/v1", "/../{secret.key}", "{answer.}", "{cookie.a;b}"),
    ]
)
by_name = st.dictionaries(hostile.texts, templates | hostile.texts, max_size=3)
_of_one_request = st.dictionaries(
    st.sampled_from(["parameters", "query", "headers"]), by_name | hostile.json_values, max_size=2
)
_descriptions = st.fixed_dictionaries(
    {},
    optional={
        "grant_type": hostile.texts,
        "omit_grant_type": st.booleans(),
        "method": st.sampled_from(["GET", "POST", "PUT"]),
        "parameters_in": st.sampled_from(["form", "json", "query", "xml"]),
        "parameters": by_name | st.dictionaries(hostile.texts, hostile.json_values, max_size=2),
        "query": by_name,
        "headers": by_name,
        "refresh": _of_one_request | hostile.json_values,
        "code_exchange": _of_one_request | hostile.json_values,
        "on_behalf_of": st.sampled_from(["token_exchange", "jwt_bearer", "password"]),
        "assertion": st.dictionaries(
            st.sampled_from(
                ["issuer", "subject", "audience", "claims", "parameter", "lifetime_seconds"]
            ),
            templates | hostile.json_values,
            max_size=3,
        ),
    },
)


class _Grant(Enum):
    """What a request to the token endpoint is for, by the grant type of the standard."""

    TOKEN = "client_credentials"
    REFRESH = "refresh_token"
    CODE = "authorization_code"


def _request(
    grant: _Grant, definition: CredentialDefinition, secret: ProviderSecret
) -> ProviderRequest:
    match grant:
        case _Grant.TOKEN:
            return build_token_request(definition, _SPEC, secret, user_token=_ISSUED)
        case _Grant.REFRESH:
            return build_refresh_request(definition, _ISSUED, secret, requested_scopes=None)
        case _Grant.CODE:
            return build_code_request(
                definition, _AUTHORIZATION, code=_ISSUED, code_verifier=_VERIFIER, secret=secret
            )


def _check_request(case: tuple[dict[str, Any], ClientAuthentication, _Grant, str]) -> str:
    described, method, grant, value = case
    is_users = grant is not _Grant.TOKEN
    definition = replace(
        DEFINITION,
        kind=CredentialKind.AUTHORIZATION_CODE if is_users else CredentialKind.CLIENT_CREDENTIALS,
        client_authentication=method,
        token_request=described,
        authorization=_AUTHORIZATION if is_users else None,
    )
    values = {name: f"{MARKER}-{name}-{value}" for name in secret_fields(definition)}
    # It is no secret, and is shown with the assertion that it signs.
    values["client_id"] = f"client-{value}"
    secret = secret_of(definition, values, allowed_host=HOST)
    try:
        request = _request(grant, definition, secret)
        keeps_secret(request)
        url, headers, _ = encoded(request)
    except TokenVendError as error:
        keeps_secret(error, error.rule)
        return str(error.rule)
    except UnicodeEncodeError:
        # No stored secret has half a character: `secrets` shows it.
        return "half a character"
    assert urlsplit(url).netloc == HOST, "another host"
    assert urlsplit(url).path == "/token", "another path"
    assert not any(mark in text for text in headers.values() for mark in "\r\n"), "a header more"
    confidential = {each.reveal() for each in request.confidential}
    placed = {secret.fields[name].reveal() for name in placeholders(_sent(described, grant))}
    assert confidential >= placed, "a value forgotten"
    return f"{grant.name.lower()} in {request.parameters_in}"


def _sent(described: Mapping[str, Any], grant: _Grant) -> dict[str, Any]:
    """What of *described* is in that request: a signed assertion asks for tokens alone."""
    others = {*ONE_REQUEST.values()} | (set() if grant is _Grant.TOKEN else {"assertion"})
    whole = of_request(described, grant.value)
    return {name: each for name, each in whole.items() if name not in others}


TARGETS = (
    FuzzTarget(
        name="described-request",
        promise="any description and any secret: a request to that endpoint alone, or a refusal",
        inputs=st.tuples(
            _descriptions | hostile.altered(_BASE),
            st.sampled_from(ClientAuthentication),
            st.sampled_from(_Grant),
            hostile.texts,
        ),
        check=_check_request,
    ),
)
