"""What may stand in `tokenvend.yaml` about an assertion that is exchanged for a token."""

from typing import Self

from pydantic import Field, JsonValue, model_validator

from tokenvend.domain import bounds
from tokenvend.domain.oauth.jwt_bearer import SET_CLAIMS
from tokenvend_cli.configuration.forms import ParameterName
from tokenvend_cli.configuration.strict import Strict

_SECONDS = int(bounds.ASSERTION_LIFETIME.total_seconds())
_SECONDS_MAXIMUM = int(bounds.ASSERTION_LIFETIME_MAXIMUM.total_seconds())


class GrantAssertionModel(Strict):
    """The claims of a signed assertion that is exchanged for a token (RFC 7523 §2.1)."""

    issuer: str | None = Field(
        default=None,
        min_length=1,
        description="`iss`; may have placeholders. Default: {secret.client_id}",
        examples=["{secret.client_email}"],
    )
    subject: str | None = Field(
        default=None,
        min_length=1,
        description="`sub`: the account for which the token is; may have placeholders. Default:"
        " the issuer",
        examples=["{secret.user}"],
    )
    audience: str | None = Field(
        default=None,
        min_length=1,
        description="`aud`. Default: the provider's assertion_audience, its issuer or its token"
        " endpoint",
        examples=["account.example.com"],
    )
    claims: dict[ParameterName, JsonValue] = Field(
        default={},
        description="Further claims; their texts may have placeholders",
        examples=[{"box_sub_type": "enterprise"}],
    )
    scope_claim: bool = Field(
        default=False,
        description="true: the scopes are in the claim `scope`, and not in a parameter",
        examples=[True],
    )
    lifetime_seconds: int | None = Field(
        default=None,
        ge=30,
        le=_SECONDS_MAXIMUM,
        description=f"Time from `iat` to `exp`. Default: {_SECONDS}",
        examples=[300],
    )
    parameter: ParameterName | None = Field(
        default=None,
        description="Name of the parameter that holds the assertion. Default: assertion",
        examples=["jwt_token"],
    )
    as_bearer: bool = Field(
        default=False,
        description="true: the assertion is sent in the header Authorization, as a bearer token,"
        " and not in a parameter",
        examples=[True],
    )

    @model_validator(mode="after")
    def _one_place_for_it(self) -> Self:
        if self.as_bearer and self.parameter is not None:
            raise ValueError("give one of parameter and as_bearer")
        if reserved := sorted(SET_CLAIMS.intersection(self.claims)):
            raise ValueError(f"claims: {', '.join(reserved)} are set already")
        return self
