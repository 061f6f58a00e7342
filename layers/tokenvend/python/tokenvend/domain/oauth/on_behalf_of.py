"""Token requests on behalf of a signed-in user: the user's own token is sent to the provider.

There are two forms: token exchange (RFC 8693 §2.1), and the JWT bearer grant (RFC 7523 §2.1) with
`requested_token_use`, which Microsoft Entra ID uses.
"""

from enum import StrEnum

from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.jwt_bearer import GRANT_TYPE as JWT_BEARER
from tokenvend.domain.request import ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE
from tokenvend.domain.secret import Secret


class OnBehalfOf(StrEnum):
    """The form of a token request on behalf of a user."""

    TOKEN_EXCHANGE = "token_exchange"
    JWT_BEARER = "jwt_bearer"

    @property
    def grant_type(self) -> str:
        """The request's `grant_type`."""
        return TOKEN_EXCHANGE if self is OnBehalfOf.TOKEN_EXCHANGE else JWT_BEARER


def on_behalf_of_parameters(form: OnBehalfOf, user_token: Secret | None) -> dict[str, str]:
    """Return the parameters that carry *user_token*.

    For `subject_token_type` see `DEFAULTS`.

    Raises:
        CredentialNotReadyError: the request came without a user's token.
    """
    if user_token is None:
        raise CredentialNotReadyError(
            "Tokens of this credential are on behalf of a user: send the user's token as"
            " subject_token.",
            rule="request.subject_token",
        )
    if form is OnBehalfOf.JWT_BEARER:
        return {"assertion": user_token.reveal(), "requested_token_use": "on_behalf_of"}
    return {"subject_token": user_token.reveal()}


#: Parameters that are sent if the description does not set them: the user's token counts as an
#: access token unless `subject_token_type` says otherwise.
DEFAULTS = {OnBehalfOf.TOKEN_EXCHANGE: {"subject_token_type": ACCESS_TOKEN_TYPE}}
