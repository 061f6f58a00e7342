"""Turn an entry of the catalogue into what `tokenvend.yaml` would say of the provider.

The catalogue is Nango's `packages/providers/providers.yaml`; no part of it is copied here. What
`tokenvend.yaml` cannot express raises `CannotSayError`. The catalogue's facts are not verified.
"""

import re
from collections.abc import Mapping
from typing import Any

from scripts.catalogue.api_requests import ENCODED, api_request_of
from scripts.catalogue.consent_parameters import by_request, other_names
from scripts.catalogue.placeholders import CannotSayError, Placeholders, as_texts, hide_tokens
from scripts.catalogue.signed_jwts import request_with_assertion, signed_jwt_of
from scripts.catalogue.static_keys import api_key_of

_BASIC = re.compile(r"Basic \$\{base64\((?P<user>[^:]*):(?P<password>[^)]*)\)\}", re.IGNORECASE)
_OUR_PARAMETERS = frozenset({"response_type", "scope", "state", "client_id", "redirect_uri"})
#: The kinds by the catalogue's names. Any other kind is neither OAuth 2 nor static.
_MODES = {
    "OAUTH2_CC": "client_credentials",
    "TWO_STEP": "login",
    "OAUTH2": "authorization_code",
    "API_KEY": "api_key",
    "BASIC": "basic",
    "JWT": "signed_jwt",
}
KINDS = tuple(_MODES.values())
#: The provider whose clients send id and secret without form-encoding.
_BASIC_METHOD = "client_secret_basic_unencoded"
_METHODS = {"basic": _BASIC_METHOD, "private_key_jwt": "private_key_jwt"}


def kind_of(entry: Mapping[str, Any]) -> str | None:
    """Return the kind of *entry*; `None` if tokenvend is not for it, such as OAuth 1."""
    return _MODES.get(str(entry.get("auth_mode")))


def described(entry: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the provider and a credential of it as the file describes them.

    Raises:
        CannotSayError: the file cannot express it.
    """
    match kind_of(entry):
        case "client_credentials" | "login":
            return _Entry(entry).exchange(), {}
        case "authorization_code":
            return _Entry(entry).consent(), {"kind": "authorization_code"}
        case "api_key" | "basic":
            return {"api_key": api_key_of(entry, Placeholders())}, {"kind": "api_key"}
        case "signed_jwt":
            return _Entry(entry).signed(), {"kind": "signed_jwt"}
        case other:
            raise AssertionError(f"tokenvend is not for {other}")


class _Entry:
    def __init__(self, entry: Mapping[str, Any]) -> None:
        self._entry = entry
        self._placeholders = Placeholders()

    def exchange(self) -> dict[str, Any]:
        """Describe a token request without a user."""
        entry = self._entry
        if "token_url" not in entry:
            raise CannotSayError("the entry names no token endpoint")
        if "additional_steps" in entry:
            raise CannotSayError("several requests, one after another")
        provider = {
            "token_endpoint": self._placeholders.endpoint(entry["token_url"])[0],
            "token_answer": self._answer(),
            "api_request": api_request_of(entry, self._placeholders),
        }
        if "token" in entry:
            return self._whole(provider | request_with_assertion(entry, self._placeholders))
        parameters = dict(entry.get("token_params") or {})
        method = self._client_of(parameters)
        request = self._grant(parameters) | self._request(parameters)
        return self._whole(provider | {"client_authentication": method, "token_request": request})

    def consent(self) -> dict[str, Any]:
        """Describe users' consents, the code exchange and refreshes."""
        entry = self._entry
        if "authorization_code_param_in_webhook" in entry:
            raise CannotSayError("the code comes by a webhook, not by the user's browser")
        endpoint, requested = self._placeholders.endpoint(entry["authorization_url"])
        requested |= as_texts(entry.get("authorization_params") or {})
        requested |= other_names(entry.get("authorization_url_replacements") or {})
        named = {name: each for name, each in requested.items() if name not in _OUR_PARAMETERS}
        if "password" in named:
            raise CannotSayError("the user's password is in the authorization request")
        once = {name: "{nonce}" for name, each in named.items() if each == "${random}"}
        named = {name: each for name, each in named.items() if name not in once}
        basic = "basic" in {entry.get("token_request_auth_method"), self._client_in_header()}
        return self._whole(
            {
                "token_endpoint": self._placeholders.endpoint(entry["token_url"])[0],
                "authorization_endpoint": endpoint,
                "authorization_parameters": self._placeholders.of_tenant(named) | once,
                "client_authentication": _BASIC_METHOD if basic else "client_secret_post",
                "token_request": self._consent_requests(),
                "consent_flow": self._flow(),
                "api_request": api_request_of(entry, self._placeholders),
            }
        )

    def signed(self) -> dict[str, Any]:
        """Describe a token that the client signs."""
        return self._whole(
            {
                "signed_jwt": signed_jwt_of(self._entry, self._placeholders),
                "api_request": api_request_of(self._entry, self._placeholders),
            }
        )

    def _flow(self) -> dict[str, Any]:
        entry, flow = self._entry, dict[str, Any]()
        refresh = entry.get("refresh_url")
        if refresh is not None and refresh != entry["token_url"]:
            flow["refresh_endpoint"] = self._placeholders.endpoint(refresh)[0]
        if entry.get("disable_pkce"):
            flow["without_pkce"] = "the catalogue says that it takes none"
        if "authorization_url_fragment" in entry:
            flow["fragment"] = f"/{entry['authorization_url_fragment'].lstrip('/')}"
        if "authorization_code_param_in_callback" in entry:
            flow["code_in_callback"] = entry["authorization_code_param_in_callback"]
        return flow

    def _client_in_header(self) -> str | None:
        headers = (self._entry.get("token_headers") or {}).values()
        is_basic = any(_BASIC.fullmatch(str(each)) for each in headers)
        return "basic" if is_basic or self._entry.get("authorization_method") == "header" else None

    def _client_of(self, parameters: dict[str, Any]) -> str:
        """Return the client authentication, and remove its parameters from *parameters*."""
        if self._entry.get("require_client_certificate"):
            return "tls_client_auth"
        if "client_assertion" in parameters:
            for name in ("client_assertion", "client_assertion_type", "client_id"):
                parameters.pop(name, None)
            return "private_key_jwt"
        if self._entry["auth_mode"] == "OAUTH2_CC":
            method = str(self._entry.get("token_request_auth_method"))
            return _METHODS.get(method, "client_secret_post")
        return _BASIC_METHOD if self._client_in_header() else "none"

    def _grant(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return the grant type, and remove it from *parameters*."""
        grant = parameters.pop("grant_type", None)
        parameters.pop("scope", None)
        _, query = self._placeholders.endpoint(self._entry["token_url"])
        if "grant_type" in query or grant is None:
            return {"omit_grant_type": True}
        return {} if grant == "client_credentials" else {"grant_type": grant}

    def _request(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Describe where the parameters go, and what else is sent."""
        entry = self._entry
        headers = {str(name).lower(): each for name, each in self._headers().items()}
        is_json = "json" in {entry.get("body_format"), _subtype(headers.pop("content-type", ""))}
        said: dict[str, Any] = {"parameters_in": "json"} if is_json else {}
        if entry.get("token_request_method") == "GET":
            said = {"method": "GET", "parameters_in": "query"}
        _, query = self._placeholders.endpoint(entry["token_url"])
        if entry["auth_mode"] == "OAUTH2":
            query.pop("grant_type", None)
        return said | {
            "parameters": self._parameters(parameters, said),
            "query": self._placeholders.of_secret(query),
            "headers": self._placeholders.of_secret(headers),
        }

    def _consent_requests(self) -> dict[str, Any]:
        """Describe the code exchange and the refresh, and in what they differ."""
        both, at_code, at_refresh = by_request(self._entry)
        said = self._request(both)
        _, query = self._placeholders.endpoint(self._entry.get("refresh_url", ""))
        own = {name: each for name, each in query.items() if name not in said["query"]}
        if at_code:
            said["code_exchange"] = {"parameters": self._parameters(at_code, said)}
        if at_refresh or own:
            said["refresh"] = {"parameters": self._parameters(at_refresh, said), "query": own}
        return said

    def _parameters(self, parameters: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
        """Return *parameters* for a body as *said* describes it."""
        filled = parameters if said.get("parameters_in") == "json" else as_texts(parameters)
        return dict(hide_tokens(self._placeholders.of_secret(filled)))

    def _headers(self) -> dict[str, Any]:
        described = self._entry.get("token_headers") or {}
        others = {name: str(each) for name, each in described.items()}
        return {
            name: _encoded_once(each) for name, each in others.items() if not _BASIC.fullmatch(each)
        }

    def _answer(self) -> dict[str, Any]:
        described = self._entry.get("token_response") or {}
        if "token" in described and not described["token"]:
            return {"plain_text": True}
        answer = {"token": described.get("token"), "lifetime": described.get("token_expiration")}
        if described.get("token_expiration_strategy") == "expireAt":
            answer["lifetime_unit"] = "rfc3339"
        if self._entry.get("expires_in_unit") == "milliseconds":
            answer["lifetime_unit"] = "milliseconds"
        return {name: each for name, each in answer.items() if each}

    def _whole(self, provider: dict[str, Any]) -> dict[str, Any]:
        said = provider | {"tenant_values": self._placeholders.tenant_values}
        return {name: each for name, each in said.items() if each != {}}


def _encoded_once(text: str) -> str:
    """Return *text* with a field of the secret in place of base64 of fields.

    They never change between two requests, so whoever writes the secret encodes them.
    """
    return ENCODED.sub(lambda found: f"{found['scheme']} ${{credentials.encodedClient}}", text)


def _subtype(content_type: object) -> str:
    return str(content_type).partition(";")[0].rpartition("/")[2]
