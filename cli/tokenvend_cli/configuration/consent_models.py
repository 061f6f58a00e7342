"""What may stand in `tokenvend.yaml`, and in a profile, about users' consents."""

from typing import Any, Self

from pydantic import Field, model_validator

from tokenvend_cli.configuration.forms import Endpoint, ParameterName
from tokenvend_cli.configuration.strict import Strict


class ConsentFlowModel(Strict):
    """How the consent pages and refresh requests of a provider differ from RFC 6749."""

    refresh_names_scopes: bool = Field(
        default=False,
        description="true: a refresh names the requested scopes, so its token has no others. Say"
        " this only if the next refresh may name all scopes again. Default: a refresh names none,"
        " and its token has all that the user consented to",
        examples=[True],
    )
    refresh_names_scopes_source: str | None = Field(
        default=None,
        min_length=1,
        description="Where that is documented, or the probe that showed it",
        examples=["tokenvend probe orders, 2026-03-01"],
    )
    refresh_endpoint: Endpoint | None = Field(
        default=None,
        description="URL to which refresh requests go. It has the token endpoint's host. Default:"
        " the token endpoint",
        examples=["https://login.acme.example/oauth/refresh"],
    )
    code_in_callback: ParameterName = Field(
        default="code",
        description="Name of the code in the authorization response. Default: code",
        examples=["auth_code"],
    )
    code_parameter: ParameterName = Field(
        default="code",
        description="Name of the code in the token request. Default: code",
        examples=["auth_code"],
    )
    fragment: str | None = Field(
        default=None,
        pattern=r"^/[A-Za-z0-9._~/-]{1,128}$",
        description="Path of the consent page in the fragment of the authorization_endpoint."
        " Default: there is no fragment",
        examples=["/oauth/authorize"],
    )
    without_pkce: str | None = Field(
        default=None,
        pattern=r"^[^\x00-\x1F\x7F]{10,200}$",
        description="Reason why PKCE (RFC 7636) is not used. `plan` and `explain` show it."
        " Default: PKCE is used",
        examples=["it answers invalid_request to code_challenge"],
    )

    @model_validator(mode="after")
    def _harm_is_ruled_out(self) -> Self:
        if self.refresh_names_scopes and self.refresh_names_scopes_source is None:
            raise ValueError(
                "refresh_names_scopes needs refresh_names_scopes_source: where is it documented or"
                " probed that the next refresh may name all scopes again?"
            )
        return self

    def document(self) -> dict[str, Any]:
        """Return the fields as the registry holds them, without their source."""
        return self.model_dump(exclude_defaults=True, exclude={"refresh_names_scopes_source"})
