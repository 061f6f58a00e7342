"""Exchange an authorization code for tokens (RFC 6749 §4.1.3), and find out their account."""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from tokenvend.domain.credential_definition import Authorization, CredentialDefinition
from tokenvend.domain.errors import ProviderRefusedError
from tokenvend.domain.oauth.answer_values import with_answer_values
from tokenvend.domain.oauth.refresh_token import refresh_expires_at, refresh_token_of
from tokenvend.domain.oauth.token_request import ProviderRequest, ProviderSecret, to_token_endpoint
from tokenvend.domain.oauth.token_response import (
    ProviderResponse,
    answer_of,
    jwt_claims,
    parse_token_response,
)
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken

_ACCOUNT_CHARACTERS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Consented:
    """The tokens that the provider issued for the code.

    `refresh_expires_at` is when the refresh token expires unused; `None`: not known. `subject` is
    the ID token's `sub`, if there is an ID token. Its signature is not verified: it comes directly
    from the token endpoint over TLS, which is enough (OpenID Connect Core 1.0 §3.1.3.7).
    """

    token: AccessToken
    refresh_token: Secret
    refresh_expires_at: datetime | None
    subject: str | None


def build_code_request(
    definition: CredentialDefinition,
    authorization: Authorization,
    *,
    code: Secret,
    code_verifier: Secret,
    secret: ProviderSecret,
) -> ProviderRequest:
    """Build the request that exchanges *code* for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5).

    *code_verifier* is left out if the provider refuses PKCE; no challenge was sent then, either.
    """
    flow = authorization.flow
    form = dict(definition.extra_parameters) | {
        "grant_type": "authorization_code",
        flow.code_parameter: code.reveal(),
        "redirect_uri": authorization.redirect_uri,
    }
    if flow.without_pkce is None:
        form["code_verifier"] = code_verifier.reveal()
    request = to_token_endpoint(definition, form, secret)
    return replace(request, secret_values=(*request.secret_values, code))


def parse_code_response(
    response: ProviderResponse,
    definition: CredentialDefinition,
    *,
    requested_scopes: Scopes,
    requested_at: datetime,
) -> Consented:
    """Parse the token endpoint's answer to a code.

    Raises:
        ProviderRefusedError: the answer is an error, cannot be used, or has no refresh token.
        TemporarilyUnavailableError: it is a 429 or a 5xx.
    """
    token = parse_token_response(
        response, definition, requested_scopes=requested_scopes, requested_at=requested_at
    )
    token = with_answer_values(token, response, definition)
    refresh_token = refresh_token_of(response, definition)
    if refresh_token is None:
        raise ProviderRefusedError(
            "The provider gave no refresh token, so the consent would end with its first token.",
            provider_error="no_refresh_token",
        )
    id_token = answer_of(response, definition).beside_token.get("id_token")
    claims = jwt_claims(id_token) if isinstance(id_token, str) else {}
    return Consented(
        token=token,
        refresh_token=refresh_token,
        refresh_expires_at=refresh_expires_at(response, definition, requested_at=requested_at),
        subject=account_text(claims.get("sub")),
    )


def parse_account(response: ProviderResponse, field: str) -> str | None:
    """Return the account in the answer of the provider's `account_endpoint`; `None` if none."""
    if response.status != 200:
        return None
    try:
        fields = json.loads(response.body)
    except (ValueError, RecursionError):
        return None
    return account_text(fields.get(field)) if isinstance(fields, dict) else None


def account_text(value: object) -> str | None:
    """Return *value* as the name of an account; `None` if it cannot be one.

    People read the name and decide by it, so all of its characters must be printable: none may
    move, hide or reverse text.
    """
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not 0 < len(text) <= _ACCOUNT_CHARACTERS:
        return None
    return text if text.isprintable() else None
