"""What may stand in `tokenvend.yaml`, and the source of its JSON Schema."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from tokenvend_cli.configuration.api_request_models import ApiKeyModel, ApiRequestModel
from tokenvend_cli.configuration.caller_models import CallerModel, DirectModel
from tokenvend_cli.configuration.consent_models import ConsentFlowModel
from tokenvend_cli.configuration.credential_models import CredentialModel
from tokenvend_cli.configuration.forms import (
    Endpoint,
    Name,
    Scope,
    Target,
    Url,
    ValueName,
    ValuePattern,
)
from tokenvend_cli.configuration.grant_models import GrantModel
from tokenvend_cli.configuration.issuer_models import IssuerModel
from tokenvend_cli.configuration.signed_jwt_models import SignedJwtModel
from tokenvend_cli.configuration.strict import Strict
from tokenvend_cli.configuration.token_models import TokenAnswerModel, TokenRequestModel


class ProviderModel(Strict):
    """An authorization server, found by a profile, by its issuer, or by its token endpoint."""

    profile: Name | None = Field(
        default=None,
        description="Name of a shipped profile. `tokenvend providers list` shows them",
        examples=["smartrecruiters"],
    )
    parameters: dict[str, str] = Field(
        default={},
        description="Values that the profile needs, such as your tenant or domain",
        examples=[{"domain": "acme.eu.auth0.com"}],
    )
    issuer: Url | None = Field(
        default=None,
        description="Issuer identifier. `plan` and `apply` read its metadata (RFC 8414), and"
        " `apply` stores what it read",
        examples=["https://auth.globex.example/"],
    )
    token_endpoint: Endpoint | None = Field(
        default=None,
        description="URL of the token endpoint",
        examples=["https://login.acme.example/oauth/token"],
    )
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
        description="How the client authenticates at the token endpoint. Default: as the profile"
        " or the issuer's metadata says, or client_secret_basic",
        examples=["client_secret_post"],
    )
    assertion_audience: Target | None = Field(
        default=None,
        description="`aud` of a signed assertion. Default: the issuer, or the token endpoint",
        examples=["https://login.acme.example"],
    )
    authorization_endpoint: Endpoint | None = Field(
        default=None,
        description="URL of the page where a user consents (authorization_code)",
        examples=["https://login.acme.example/oauth/authorize"],
    )
    authorization_parameters: dict[str, str] = Field(
        default={},
        description="Further parameters of the authorization request",
        examples=[{"access_type": "offline", "prompt": "consent"}],
    )
    requires_iss: bool | None = Field(
        default=None,
        description="true: every authorization response must have `iss` (RFC 9207). Default: as"
        " the issuer's metadata says",
        examples=[True],
    )
    refresh_token_days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        description="Days after which an unused refresh token expires. Default: the profile's",
        examples=[90],
    )
    title: str | None = Field(
        default=None,
        pattern=r"^[^\x00-\x1F\x7F]{1,80}$",
        description="The provider's name on the page that asks a user for consent. Default: the"
        " profile's",
        examples=["Acme Orders"],
    )
    scope_words: dict[Scope, str] = Field(
        default={},
        description="What each scope permits, in words for the user who is asked for consent",
        examples=[{"orders.read": "See your orders"}],
    )
    account_endpoint: Endpoint | None = Field(
        default=None,
        description="URL that says whose account a token is for. It has the token endpoint's host,"
        " and gets the token as api_request says. Default: the ID token says it",
        examples=["https://login.acme.example/userinfo"],
    )
    account_field: str | None = Field(
        default=None,
        min_length=1,
        description="Field of that answer which identifies the account. Default: the profile's, or"
        " `sub`",
        examples=["email"],
    )
    revocation_endpoint: Endpoint | None = Field(
        default=None,
        description="URL at which tokens are revoked (RFC 7009)",
        examples=["https://login.acme.example/oauth/revoke"],
    )
    scope_separator: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="Character between two scopes. Default: a space",
        examples=[","],
    )
    scope_mode: Literal["fixed", "narrows"] | None = Field(
        default=None,
        description="narrows: a request for fewer scopes gives a token with fewer scopes. Default:"
        " fixed, so each token counts as having all scopes of the credential",
        examples=["narrows"],
    )
    scope_mode_source: str | None = Field(
        default=None,
        min_length=1,
        description="Where that is documented, or the probe that showed it. narrows needs it",
        examples=["https://developer.acme.example/oauth#scopes"],
    )
    api_key: ApiKeyModel | None = Field(
        default=None,
        description="How the provider's API expects an API key. A provider without tokens needs"
        " nothing else",
        examples=[{"header_name": "X-Api-Key"}],
    )
    signed_jwt: SignedJwtModel | None = Field(
        default=None,
        description="The JWT that the provider's API takes as the token, and that tokenvend signs"
        " itself. A provider without a token endpoint needs nothing else",
        examples=[{"algorithm": "ES256", "claims": {"iss": "{secret.issuer_id}"}}],
    )
    api_request: ApiRequestModel | None = Field(
        default=None,
        description="How the provider's API expects an access token. Default: as a bearer token"
        " (RFC 6750 §2.1)",
        examples=[{"header_name": "X-Access-Token"}],
    )
    tenant_values: dict[ValueName, list[ValuePattern]] = Field(
        default={},
        description="Values that differ from customer to customer, and the patterns that each must"
        " match. {tenant.domain} in an endpoint, in token_request or in api_request stands for the"
        " value `domain`",
        examples=[{"domain": ["*.provider.example"]}],
    )
    token_request: TokenRequestModel | None = Field(
        default=None,
        description="How its token request differs from RFC 6749",
        examples=[{"parameters_in": "json"}],
    )
    token_answer: TokenAnswerModel | None = Field(
        default=None,
        description="How the answer of its token endpoint differs from RFC 6749",
        examples=[{"token": "data.token", "lifetime": "data.expiresIn"}],
    )
    consent_flow: ConsentFlowModel | None = Field(
        default=None,
        description="How its consent pages and its refresh requests differ from RFC 6749",
        examples=[{"refresh_endpoint": "https://login.acme.example/oauth/refresh"}],
    )

    @model_validator(mode="after")
    def _one_way_to_find_it(self) -> Self:
        ways = [self.profile, self.issuer, self.token_endpoint]
        found = sum(way is not None for way in ways)
        without_tokens = self.api_key is not None or self.signed_jwt is not None
        if found != 1 and not (found == 0 and without_tokens):
            raise ValueError("give exactly one of profile, issuer and token_endpoint")
        if self.parameters and self.profile is None:
            raise ValueError("parameters go with a profile")
        if self.scope_mode == "narrows" and self.scope_mode_source is None:
            raise ValueError(
                "scope_mode narrows needs scope_mode_source: where is it documented or probed?"
            )
        return self


class ConfigurationModel(Strict):
    """tokenvend.yaml: providers, credentials, issuers, callers, grants."""

    version: Literal[1] = Field(description="Version of this format", examples=[1])
    providers: dict[Name, ProviderModel] = Field(
        default={},
        description="Authorization servers, each under a name of your choice",
        examples=[{"acme": {"token_endpoint": "https://login.acme.example/oauth/token"}}],
    )
    credentials: dict[Name, CredentialModel] = Field(
        default={},
        description="What the providers issued to us, each under a name of your choice",
        examples=[{"acme-orders": {"provider": "acme", "scopes": ["orders.read"]}}],
    )
    issuers: dict[Name, IssuerModel] = Field(
        default={},
        description="Trusted issuers, whose tokens prove workloads or users",
        examples=[{"github": {"issuer": "https://token.actions.githubusercontent.com"}}],
    )
    direct_workloads: DirectModel | None = Field(
        default=None,
        description="Who may invoke the function through its alias Workloads. Each request has a"
        " subject token, which proves the caller",
        examples=[{"principals": ["arn:aws:iam::111122223333:role/cluster-nodes"]}],
    )
    callers: dict[Name, CallerModel] = Field(
        default={},
        description="Workloads that request tokens, each under a name of your choice",
        examples=[{"billing": {"identities": [{"client": "billing-batch"}]}}],
    )
    grants: list[GrantModel] = Field(
        default=[],
        description="Which caller may have tokens of which credential",
        examples=[[{"caller": "billing", "credential": "acme-orders", "scopes": ["orders.read"]}]],
    )


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the file, for editors."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return dialect | ConfigurationModel.model_json_schema()
