"""What may stand in `tokenvend.yaml`, and the source of its JSON Schema."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from tokenvend.domain import bounds
from tokenvend_cli.configuration.api_key_models import ApiKeyModel
from tokenvend_cli.configuration.consent_models import ConsentFlowModel
from tokenvend_cli.configuration.forms import (
    ClientId,
    Endpoint,
    Name,
    PrincipalArn,
    Scope,
    Target,
    UniqueId,
    Url,
    ValueName,
    ValuePattern,
)
from tokenvend_cli.configuration.grant_models import GrantModel
from tokenvend_cli.configuration.issuer_models import IssuerModel, WorkloadModel
from tokenvend_cli.configuration.secret_models import SecretModel, SigningModel
from tokenvend_cli.configuration.strict import Strict
from tokenvend_cli.configuration.token_models import TokenAnswerModel, TokenRequestModel

_LIFETIME_MAXIMUM_SECONDS = int(bounds.LIFETIME_MAXIMUM.total_seconds())


class ProviderModel(Strict):
    """An authorization server: by a shipped profile, by its issuer, or by its endpoints."""

    profile: Name | None = Field(
        default=None, description="A profile that is shipped, such as smartrecruiters"
    )
    parameters: dict[str, str] = Field(
        default={}, description="What the profile needs to know, such as a tenant or a domain"
    )
    issuer: Url | None = Field(
        default=None, description="Its metadata is read at `plan` and `apply`, shown, and pinned"
    )
    token_endpoint: Endpoint | None = Field(default=None, description="Where tokens are asked for")
    client_authentication: (
        Literal[
            "client_secret_basic",
            "client_secret_basic_unencoded",
            "client_secret_post",
            "private_key_jwt",
            "tls_client_auth",
            "none",
        ]
        | None
    ) = Field(
        default=None,
        description="How the client proves itself; else what is discovered, else basic",
    )
    assertion_audience: Target | None = Field(
        default=None, description="`aud` of private_key_jwt; else its issuer or token endpoint"
    )
    authorization_endpoint: Endpoint | None = Field(
        default=None, description="Where users are sent to consent (authorization_code)"
    )
    authorization_parameters: dict[str, str] = Field(
        default={}, description="More parameters of the authorization request, such as prompt"
    )
    requires_iss: bool | None = Field(
        default=None,
        description="It names itself in what it sends back (RFC 9207); else as discovered",
    )
    refresh_token_days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        description="How long it keeps a refresh token that nobody uses; else its profile's",
    )
    title: str | None = Field(
        default=None,
        pattern=r"^[^\x00-\x1F\x7F]{1,80}$",
        description="What its users know it by; else the profile's",
    )
    scope_words: dict[Scope, str] = Field(
        default={}, description="What each scope allows, in words for the user who is asked"
    )
    account_endpoint: Endpoint | None = Field(
        default=None,
        description="Says whose a token is, at the token endpoint's host; else an ID token does",
    )
    account_field: str | None = Field(
        default=None,
        min_length=1,
        description="The field of its answer; else the profile's, or sub",
    )
    revocation_endpoint: Endpoint | None = Field(
        default=None, description="Where a token that must not be used is revoked (RFC 7009)"
    )
    scope_separator: str | None = Field(
        default=None, min_length=1, max_length=1, description="Between scopes; else a space"
    )
    scope_mode: Literal["fixed", "narrows"] | None = Field(
        default=None,
        description="narrows: a token asked for with fewer scopes carries fewer; else fixed",
    )
    scope_mode_source: str | None = Field(
        default=None, min_length=1, description="Where it is documented or probed that it narrows"
    )
    api_key: ApiKeyModel | None = Field(
        default=None, description="How its API takes an API key; may be all that is said of it"
    )
    tenant_values: dict[ValueName, list[ValuePattern]] = Field(
        default={},
        description="Values of each customer's own, which stand in endpoints and token_request as"
        " {tenant.domain}: what each must look like",
        examples=[{"domain": ["*.provider.example"]}],
    )
    token_request: TokenRequestModel | None = Field(
        default=None, description="How its token endpoint is asked; else as RFC 6749 has it"
    )
    token_answer: TokenAnswerModel | None = Field(
        default=None, description="How its token endpoint's answer is read; else as RFC 6749 has it"
    )
    consent_flow: ConsentFlowModel | None = Field(
        default=None, description="How users consent and tokens are refreshed; else by the standard"
    )

    @model_validator(mode="after")
    def _one_way_to_find_it(self) -> Self:
        ways = [self.profile, self.issuer, self.token_endpoint]
        found = sum(way is not None for way in ways)
        if found != 1 and not (found == 0 and self.api_key is not None):
            raise ValueError("give exactly one of profile, issuer and token_endpoint")
        if self.parameters and self.profile is None:
            raise ValueError("parameters go with a profile")
        if self.scope_mode == "narrows" and self.scope_mode_source is None:
            raise ValueError(
                "scope_mode narrows needs scope_mode_source: where is it documented or probed?"
            )
        return self


class CredentialModel(Strict):
    """What a provider issued to us. Its secret never stands here."""

    provider: Name = Field(description="Who issued it")
    kind: Literal["client_credentials", "authorization_code", "api_key"] = Field(
        default="client_credentials",
        description="How tokens are got with it; an api_key is handed out itself",
    )
    redirect_uri: Url | None = Field(
        default=None,
        description="Where the provider sends users back (authorization_code), as it knows it",
    )
    client_id: str | None = Field(
        default=None,
        pattern=r"^[\x20-\x7E]+$",
        description="Its client id, if that does not stand in the secret",
    )
    scopes: list[Scope] = Field(default=[], description="All that its tokens can carry")
    scope_parameter: bool | None = Field(
        default=None,
        description="Send `scope` where the provider does not narrow; else as its profile says",
    )
    extra_parameters: dict[str, str] = Field(
        default={}, description="More parameters of the token request; never a secret"
    )
    family: bool = Field(default=False, description="Many secrets, one for each tenant")
    single_active_token: bool = Field(
        default=False, description="The provider voids the old token when it issues a new one"
    )
    rotation: Literal["immediate", "staged"] = Field(
        default="immediate",
        description="staged: while the secret is refused, its version AWSPENDING is tried",
    )
    default_lifetime_seconds: int | None = Field(
        default=None,
        ge=30,
        le=_LIFETIME_MAXIMUM_SECONDS,
        description="Of a token that does not say; else the profile's, else"
        f" {bounds.DEFAULT_LIFETIME_SECONDS}",
    )
    signing: SigningModel | None = Field(
        default=None, description="What signs, where the provider takes private_key_jwt"
    )
    secret: SecretModel | None = Field(
        default=None, description="A secret of yours, instead of one put by `tokenvend secret put`"
    )


class IdentityModel(Strict):
    """One way in which a caller is known: `iam`, `client` or `workload`."""

    iam: PrincipalArn | None = Field(
        default=None, description="ARN of the role or user that signs requests"
    )
    unique_id: UniqueId | None = Field(
        default=None,
        description="Its unique id, so that one made again under its name does not match",
    )
    client: ClientId | None = Field(default=None, description="An OAuth client id of your choice")
    workload: WorkloadModel | None = Field(
        default=None, description="Subject tokens of an issuer that prove the caller"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(kind is not None for kind in (self.iam, self.client, self.workload)) != 1:
            raise ValueError("give exactly one of iam, client and workload")
        if self.unique_id is not None and self.iam is None:
            raise ValueError("unique_id goes with iam")
        return self


class DirectModel(Strict):
    """A caller that invokes the function itself, through an alias that only it may invoke."""

    principals: list[PrincipalArn] = Field(
        min_length=1, description="ARNs of the roles and users that may invoke, each with its path"
    )


class CallerModel(Strict):
    """A named workload that asks for tokens."""

    title: str | None = Field(
        default=None,
        pattern=r"^[^\x00-\x1F\x7F]{1,80}$",
        description="The caller's name on the page that asks users for consent",
    )
    identities: list[IdentityModel] = Field(
        default=[], description="How the caller proves itself over HTTP"
    )
    direct: DirectModel | None = Field(
        default=None, description="Who may invoke the function as this caller"
    )
    requests_per_minute: int | None = Field(
        default=None, ge=1, le=1_000_000, description="Rate limit, over all environments together"
    )
    burst: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="How many requests at once after a pause; a quarter of requests_per_minute,"
        " at least 10",
    )


class ConfigurationModel(Strict):
    """tokenvend.yaml: providers, credentials, issuers, callers, grants."""

    version: Literal[1] = Field(description="The version of this format")
    providers: dict[Name, ProviderModel] = Field(default={}, description="Authorization servers")
    credentials: dict[Name, CredentialModel] = Field(
        default={}, description="What they issued to us"
    )
    issuers: dict[Name, IssuerModel] = Field(
        default={}, description="Whose tokens prove workloads or users"
    )
    direct_workloads: DirectModel | None = Field(
        default=None,
        description="Who may invoke the function through the alias Workloads, each request with"
        " a subject token",
    )
    callers: dict[Name, CallerModel] = Field(default={}, description="Who asks for tokens")
    grants: list[GrantModel] = Field(default=[], description="Who may have which")


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the file, for editors."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return dialect | ConfigurationModel.model_json_schema()
