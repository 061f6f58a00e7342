"""Tokens on behalf of a signed-in user: the user's own token is what the provider is given.

Two forms are in use. Token exchange is RFC 8693 §2.1; the other is the JWT bearer grant (RFC 7523
§2.1) with `requested_token_use`, as Microsoft Entra ID has it.
"""

from enum import StrEnum

from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.jwt_bearer import GRANT_TYPE as JWT_BEARER
from tokenvend.domain.request import ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE
from tokenvend.domain.secret import Secret


class OnBehalfOf(StrEnum):
    """How a provider is asked for a token on behalf of a user."""

    TOKEN_EXCHANGE = "token_exchange"
    JWT_BEARER = "jwt_bearer"

    @property
    def grant_type(self) -> str:
        """The grant type that it stands for."""
        return TOKEN_EXCHANGE if self is OnBehalfOf.TOKEN_EXCHANGE else JWT_BEARER


def on_behalf_of_parameters(form: OnBehalfOf, user_token: Secret | None) -> dict[str, str]:
    """The parameters that carry *user_token*.

    `subject_token_type` is that of an access token, unless the description says another.

    Raises:
        CredentialNotReadyError: there is no user, so nobody to ask for.
    """
    if user_token is None:
        raise CredentialNotReadyError(
            "Tokens of this credential are on behalf of a user, and none is there.",
            rule="request.subject_token",
        )
    if form is OnBehalfOf.JWT_BEARER:
        return {"assertion": user_token.reveal(), "requested_token_use": "on_behalf_of"}
    return {"subject_token": user_token.reveal()}


#: What a description may say itself, and what is sent where it does not.
DEFAULTS = {OnBehalfOf.TOKEN_EXCHANGE: {"subject_token_type": ACCESS_TOKEN_TYPE}}
