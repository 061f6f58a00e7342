"""What an API is sent: tokens and static credentials by any description, with any secret."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from hypothesis import strategies as st

from fuzzing import hostile
from fuzzing.hostile import MARKER
from fuzzing.target import FuzzTarget, keeps_secret
from fuzzing.targets.requests import DEFINITION, HOST, by_name, templates
from tokenvend.domain.api_request import Presented, present, token_presenter
from tokenvend.domain.api_request_description import NEVER_TO_CALLERS, api_request_fields
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.oauth.answer_values import with_answer_values
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import TO_CALLERS
from tokenvend.domain.token import AccessToken
from tokenvend.domain.token_presentation import Header, RequestParts

_STATIC: dict[str, Any] = {
    "headers": {"X-Key": "Key {secret.key}", "X-Account": "{secret.account}"},
    "query": {"key": "{secret.key}"},
    "basic": {"username": "{secret.account}", "password": ""},
    "path_prefix": "/v1/{secret.account}",
    "body": {"auth": [{"key": "{secret.key}"}, 7]},
}
_OF_TOKEN: dict[str, Any] = {
    "headers": {"Authorization": "Own {token}", "X-Key": "{secret.key}"},
    "query": {"account": "{secret.account}", "shop": "{answer.shop.id}"},
    "path_prefix": "/{secret.account}",
    "body": {"session": {"route": "{cookie.ROUTE}", "number": 7}},
}
_TOKEN = AccessToken(
    access_token=Secret(f"{MARKER}-token"),
    scopes=NO_SCOPES,
    requested_at=datetime(2026, 1, 1, tzinfo=UTC),
    expires_at=datetime(2026, 1, 2, tzinfo=UTC),
)
_answers = st.fixed_dictionaries(
    {},
    optional={
        "shop": st.fixed_dictionaries({}, optional={"id": hostile.secrets | hostile.json_values})
        | st.lists(hostile.secrets, max_size=1),
        "refresh_token": hostile.secrets,
    },
)
_cookies = st.lists(hostile.secrets.map("ROUTE={}; Path=/".format) | hostile.texts, max_size=2).map(
    lambda each: tuple(map(Secret, each))
)
_any_api_request = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("headers", "query", "basic"), by_name),
        "path_prefix": templates | hostile.texts,
        "body": by_name | st.dictionaries(hostile.texts, by_name, max_size=2),
    },
)


def _presented(
    definition: CredentialDefinition, secret: ProviderSecret, response: ProviderResponse
) -> Presented:
    """What a caller gets, as `vending` puts it together."""
    if definition.kind is CredentialKind.API_KEY:
        return present(definition, secret)
    presenter = token_presenter(definition, secret)
    token = presenter(with_answer_values(_TOKEN, response, definition))
    assert token.access_token == _TOKEN.access_token, "another token"
    assert not token.answer_values, "values that nobody needs any more"
    return Presented(token.access_token, token.sent_as)


def _check_api_request(
    case: tuple[dict[str, Any], CredentialKind, str, dict[str, Any], tuple[Secret, ...]],
) -> str:
    described, kind, value, answer, cookies = case
    definition = replace(DEFINITION, kind=kind, api_request=described)
    fields = {name: Secret(f"{MARKER}-{value}") for name in api_request_fields(definition)}
    assert kind is CredentialKind.API_KEY or NEVER_TO_CALLERS.isdisjoint(fields), "a client's own"
    secret = ProviderSecret("", Secret(""), TO_CALLERS, fields=fields)
    response = ProviderResponse(200, body=hostile.encoded(answer), set_cookie=cookies)
    keeps_secret(response)
    try:
        presented = _presented(definition, secret, response)
    except TokenVendError as error:
        keeps_secret(error, error.rule, getattr(error, "provider_error", ""))
        return str(getattr(error, "provider_error", error.rule))
    except UnicodeEncodeError:
        return "half a character"
    keeps_secret(presented)
    sent_as = presented.sent_as
    if isinstance(sent_as, Header):
        said = sent_as.prefix + presented.access_token.reveal()
        assert not set(said) & {"\r", "\n"}, "a header more"
        return "one header"
    return _check_parts(sent_as)


def _check_parts(parts: RequestParts) -> str:
    headers = (each.reveal() for each in parts.headers.values())
    assert not any(mark in text for text in headers for mark in "\r\n"), "a header more"
    if parts.path_prefix is not None:
        url = f"https://{HOST}{parts.path_prefix.reveal()}/jobs"
        assert urlsplit(url).netloc == HOST, "another host"
        assert not urlsplit(url).query, "a query"
        assert {".", ".."}.isdisjoint(urlsplit(url).path.split("/")), "another path"
    if parts.body is not None:
        assert isinstance(json.loads(parts.body.reveal()), dict), "no object"
    more = (parts.path_prefix is not None) * " and a path" + (
        parts.body is not None
    ) * " and a body"
    return f"several parts{more}"


TARGETS = (
    FuzzTarget(
        name="api-request",
        promise="any description and any secret: each part whole, or a refusal that quotes nothing",
        inputs=st.tuples(
            _any_api_request | hostile.altered(_STATIC) | hostile.altered(_OF_TOKEN),
            st.sampled_from([CredentialKind.API_KEY, CredentialKind.CLIENT_CREDENTIALS]),
            hostile.texts,
            _answers,
            _cookies,
        ),
        check=_check_api_request,
    ),
)
