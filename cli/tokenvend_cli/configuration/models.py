"""What may stand in `tokenvend.yaml`, and the source of its JSON Schema."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tokenvend.domain.names import CLIENT_ID, NAME, SCOPE, TARGET, TENANT

Name = Annotated[str, StringConstraints(pattern=f"^{NAME.pattern}$")]
Tenant = Annotated[str, StringConstraints(pattern=f"^{TENANT.pattern}$")]
ClientId = Annotated[str, StringConstraints(pattern=f"^{CLIENT_ID.pattern}$")]
Scope = Annotated[str, StringConstraints(pattern=f"^{SCOPE.pattern}$")]
Target = Annotated[str, StringConstraints(pattern=f"^{TARGET.pattern}$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]
Arn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:\S+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProviderModel(_Strict):
    """An authorization server: by a shipped profile, by its issuer, or by its endpoints."""

    profile: str | None = Field(None, description="A shipped profile, such as smartrecruiters")
    issuer: Url | None = Field(None, description="Its endpoints are discovered at `apply`")
    token_endpoint: Url | None = None
    client_authentication: Literal["client_secret_basic", "client_secret_post"] | None = None
    revocation_endpoint: Url | None = None
    scope_separator: str | None = Field(None, min_length=1, max_length=1)
    scope_mode: Literal["fixed", "narrows"] | None = Field(
        None, description="narrows: a token asked for with fewer scopes carries fewer"
    )
    scope_mode_source: str | None = Field(
        None, description="Where it is documented or measured that the provider narrows"
    )

    @model_validator(mode="after")
    def _one_way_to_find_it(self) -> "ProviderModel":
        ways = [self.profile, self.issuer, self.token_endpoint]
        if sum(way is not None for way in ways) != 1:
            raise ValueError("give exactly one of profile, issuer and token_endpoint")
        if self.scope_mode == "narrows" and not self.scope_mode_source:
            raise ValueError("scope_mode narrows needs scope_mode_source: where is that shown?")
        return self


class SecretModel(_Strict):
    """A secret that exists already."""

    arn: Arn
    client_id_key: str = "client_id"
    client_secret_key: str = "client_secret"


class CredentialModel(_Strict):
    """What a provider issued to us. Its secret never stands here."""

    provider: Name
    kind: Literal["client_credentials"] = "client_credentials"
    client_id: str | None = None
    scopes: list[Scope] = Field([], description="All that this credential's tokens can carry")
    scope_parameter: bool = Field(
        default=False, description="Send `scope` even where the provider does not narrow"
    )
    extra_parameters: dict[str, str] = {}
    family: bool = Field(default=False, description="Many secrets, one for each tenant")
    single_active_token: bool = Field(
        default=False, description="The provider voids the old token when it issues a new one"
    )
    default_lifetime_seconds: int = Field(300, ge=30, le=2_592_000)
    secret: SecretModel | None = None


class IdentityModel(_Strict):
    """One way in which a caller is known."""

    iam: Arn | None = Field(None, description="The ARN of a role or user")
    unique_id: str | None = Field(
        None, pattern=r"^A(ROA|IDA)[A-Z0-9]{12,}$", description="Pins the role or user for good"
    )
    client: ClientId | None = Field(None, description="An OAuth client's id, of your choosing")

    @model_validator(mode="after")
    def _one_kind(self) -> "IdentityModel":
        if (self.iam is None) == (self.client is None):
            raise ValueError("give exactly one of iam and client")
        if self.unique_id is not None and self.iam is None:
            raise ValueError("unique_id goes with iam")
        return self


class DirectModel(_Strict):
    """Who may invoke this caller's alias of the direct function."""

    principals: list[Arn] = Field(min_length=1)


class CallerModel(_Strict):
    """A named workload that asks for tokens."""

    identities: list[IdentityModel] = []
    direct: DirectModel | None = None
    requests_per_minute: int | None = Field(
        None, ge=1, description="Counted in each environment of a function"
    )


class ObserveModel(_Strict):
    """Scopes that are counted instead of refused, for at most 30 days."""

    scopes: list[Scope] = Field(min_length=1)
    until: date


class GrantModel(_Strict):
    """One caller, one credential, and the ceiling: what is not listed is refused."""

    caller: Name
    credential: Name
    scopes: list[Scope] = []
    default_scopes: list[Scope] | None = None
    audiences: list[Target] = []
    resources: list[Target] = []
    tenants: list[Tenant] | Literal["all"] = []
    full_access: bool = False
    accept_less: bool = False
    isolation: Literal["shared", "caller"] = "shared"
    observe: ObserveModel | None = None


class ConfigurationModel(_Strict):
    """The whole file."""

    version: Literal[1]
    providers: dict[Name, ProviderModel] = {}
    credentials: dict[Name, CredentialModel] = {}
    callers: dict[Name, CallerModel] = {}
    grants: list[GrantModel] = []
