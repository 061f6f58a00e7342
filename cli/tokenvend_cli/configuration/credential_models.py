"""What may stand under `credentials` in `tokenvend.yaml`."""

from typing import Literal

from pydantic import Field

from tokenvend.domain import bounds
from tokenvend_cli.configuration.forms import Name, Scope, Url
from tokenvend_cli.configuration.secret_models import SecretModel, SigningModel
from tokenvend_cli.configuration.strict import Strict

_LIFETIME_MAXIMUM_SECONDS = int(bounds.LIFETIME_MAXIMUM.total_seconds())


class CredentialModel(Strict):
    """What a provider issued to us. Its secret is in Secrets Manager, and never in the file."""

    provider: Name = Field(
        description="Name of the provider that issued it", examples=["smartrecruiters"]
    )
    kind: Literal["client_credentials", "authorization_code", "api_key", "signed_jwt"] = Field(
        default="client_credentials",
        description="How a token is obtained: with the client's own secret; after a user's"
        " consent; by tokenvend's own signature; or not at all, because the API key itself is given"
        " to callers",
        examples=["authorization_code"],
    )
    redirect_uri: Url | None = Field(
        default=None,
        description="Redirect URI that is registered at the provider: the pages' URL and"
        " /callback/ and the credential's name. Only for authorization_code",
        examples=["https://connect.example.com/callback/shop-orders"],
    )
    client_id: str | None = Field(
        default=None,
        pattern=r"^[\x20-\x7E]+$",
        description="Client id. Default: the `client_id` in the secret",
        examples=["our-client"],
    )
    scopes: list[Scope] = Field(
        default=[],
        description="All scopes that the provider granted to this client",
        examples=[["orders.read", "orders.write"]],
    )
    scope_parameter: bool | None = Field(
        default=None,
        description="true: send `scope` also to a provider with scope_mode fixed. Default: as the"
        " profile says",
        examples=[True],
    )
    extra_parameters: dict[str, str] = Field(
        default={},
        description="Further parameters of the token request. Never put a secret here",
        examples=[{"company": "initech"}],
    )
    family: bool = Field(
        default=False,
        description="true: one secret for each tenant, such as each customer, under this one"
        " definition",
        examples=[True],
    )
    single_active_token: bool = Field(
        default=False,
        description="true: a new token invalidates the previous one, so all callers share one",
        examples=[True],
    )
    rotation: Literal["immediate", "staged"] = Field(
        default="immediate",
        description="staged: if the provider refuses the current secret, try the version that"
        " is labelled AWSPENDING in Secrets Manager",
        examples=["staged"],
    )
    default_lifetime_seconds: int | None = Field(
        default=None,
        ge=30,
        le=_LIFETIME_MAXIMUM_SECONDS,
        description="Lifetime of a token whose answer states none. Default: the profile's, or"
        f" {bounds.DEFAULT_LIFETIME_SECONDS}",
        examples=[600],
    )
    signing: SigningModel | None = Field(
        default=None,
        description="The key that signs assertions, where the provider takes signed assertions",
        examples=[{"algorithm": "ES256"}],
    )
    secret: SecretModel | None = Field(
        default=None,
        description="A secret that you have already in Secrets Manager. Default: the one that"
        " `tokenvend secret put` writes",
        examples=[
            {"arn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme/orders-AbCdEf"}
        ],
    )
