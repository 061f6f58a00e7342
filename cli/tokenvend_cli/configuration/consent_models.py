"""What may stand in `tokenvend.yaml`, and in a profile, about users' consents."""

from typing import Any, Self

from pydantic import Field, model_validator

from tokenvend_cli.configuration.forms import Endpoint
from tokenvend_cli.configuration.strict import Strict
from tokenvend_cli.configuration.token_models import ParameterName


class ConsentFlowModel(Strict):
    """How a provider differs from the standard when users consent and tokens are refreshed."""

    refresh_names_scopes: bool = Field(
        default=False,
        description="A refresh may name fewer scopes, and the next one all of them again; else no"
        " refresh names scopes, and a token carries all that its user consented to",
        examples=[True],
    )
    refresh_names_scopes_source: str | None = Field(
        default=None,
        min_length=1,
        description="Where it is documented or probed that this takes no scope from the connection",
        examples=["tokenvend probe orders, 2026-03-01"],
    )

    refresh_endpoint: Endpoint | None = Field(
        default=None,
        description="Where a refresh goes, at the token endpoint's host; else the token endpoint",
        examples=["https://login.acme.example/oauth/refresh"],
    )
    code_in_callback: ParameterName = Field(
        default="code",
        description="What the code is called in what it sends back",
        examples=["auth_code"],
    )
    code_parameter: ParameterName = Field(
        default="code",
        description="What the code is called where it is exchanged",
        examples=["auth_code"],
    )
    without_pkce: str | None = Field(
        default=None,
        pattern=r"^[^\x00-\x1F\x7F]{10,200}$",
        description="Why no PKCE is used (RFC 7636); else it is. explain and plan show the reason",
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
