"""What may stand in `tokenvend.yaml` about token requests and their answers."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, model_validator

from tokenvend.domain import bounds
from tokenvend.domain.oauth.jwt_bearer import SET_CLAIMS
from tokenvend.domain.oauth.request_description import DEEPEST, is_too_deep
from tokenvend.domain.oauth.response_description import PATH
from tokenvend_cli.configuration.forms import HeaderName, whole
from tokenvend_cli.configuration.strict import Strict

FieldPath = Annotated[
    str,
    whole(
        PATH.pattern,
        "a path of names and indexes, separated by dots, such as data.token or items.0.token",
    ),
]
ParameterName = Annotated[
    str,
    whole(r"[A-Za-z0-9_.$@:\[\]-]{1,64}", "a parameter's name, such as account_id"),
]
GrantType = Annotated[
    str, whole(r"[\x21-\x7E]{1,128}", "a grant type: a word or a URI, without spaces")
]
LifetimeUnitName = Literal[
    "seconds", "minutes", "milliseconds", "rfc3339", "epoch_seconds", "epoch_milliseconds"
]
Word = Annotated[str, whole(r"[\x20-\x7E]{1,64}", "plain ASCII, 64 at most")]


_ASSERTION_SECONDS = int(bounds.ASSERTION_LIFETIME_MAXIMUM.total_seconds())


class GrantAssertionModel(Strict):
    """What a signed assertion says where a token is given for one (RFC 7523 §2.1)."""

    issuer: str | None = Field(
        default=None,
        min_length=1,
        description="`iss`, with placeholders; else {secret.client_id}",
        examples=["{secret.client_email}"],
    )
    subject: str | None = Field(
        default=None,
        min_length=1,
        description="`sub`, whom the token is to act for, with placeholders; else the issuer",
        examples=["{secret.user}"],
    )
    audience: str | None = Field(
        default=None,
        min_length=1,
        description="`aud`; else assertion_audience, its issuer or token endpoint",
        examples=["account.example.com"],
    )
    claims: dict[ParameterName, JsonValue] = Field(
        default={},
        description="More claims, with placeholders",
        examples=[{"box_sub_type": "enterprise"}],
    )
    scope_claim: bool = Field(
        default=False,
        description="The scopes are a claim of it, and no parameter",
        examples=[True],
    )
    lifetime_seconds: int | None = Field(
        default=None,
        ge=30,
        le=_ASSERTION_SECONDS,
        description="How long it may be used; else"
        f" {int(bounds.ASSERTION_LIFETIME.total_seconds())}",
        examples=[300],
    )
    parameter: ParameterName | None = Field(
        default=None,
        description="The parameter that takes it; else assertion",
        examples=["jwt_token"],
    )
    as_bearer: bool = Field(
        default=False,
        description="The header Authorization takes it as a bearer token, and no parameter does",
        examples=[True],
    )

    @model_validator(mode="after")
    def _one_place_for_it(self) -> Self:
        if self.as_bearer and self.parameter is not None:
            raise ValueError("give one of parameter and as_bearer")
        if reserved := sorted(SET_CLAIMS.intersection(self.claims)):
            raise ValueError(f"claims: {', '.join(reserved)} are set already")
        return self


class TokenRequestModel(Strict):
    """How a token endpoint is asked, where it is not as RFC 6749 has it.

    A text may have placeholders: `{secret.account_id}` is that field of the credential's secret.
    """

    grant_type: GrantType | None = Field(
        default=None,
        description="The grant type of its own that it wants; else client_credentials",
        examples=["account_credentials"],
    )
    omit_grant_type: bool = Field(
        default=False,
        description="Send no grant_type: a login of its own, not a grant of OAuth",
        examples=[True],
    )
    method: Literal["POST", "GET"] | None = Field(
        default=None,
        description="How it is asked; else POST. A GET has its parameters in the query",
        examples=["GET"],
    )
    parameters_in: Literal["form", "json", "query"] | None = Field(
        default=None,
        description="Where all parameters go; else a form, as the body",
        examples=["json"],
    )
    parameters: dict[ParameterName, JsonValue] = Field(
        default={},
        description="More parameters, with placeholders; in JSON of any kind",
        examples=[{"account_id": "{secret.account_id}"}],
    )
    query: dict[ParameterName, str] = Field(
        default={},
        description="More parameters that go into the URL, whatever parameters_in says",
        examples=[{"api-version": "2"}],
    )
    headers: dict[HeaderName, str] = Field(
        default={},
        description="More headers of the request, with placeholders",
        examples=[{"Ocp-Apim-Subscription-Key": "{secret.subscription_key}"}],
    )
    assertion: GrantAssertionModel | None = Field(
        default=None,
        description="A signed assertion is what the token is given for (RFC 7523 §2.1)",
        examples=[{"issuer": "{secret.client_email}", "scope_claim": True}],
    )

    on_behalf_of: Literal["token_exchange", "jwt_bearer"] | None = Field(
        default=None,
        description="The token is given for the signed-in user's own: by token exchange (RFC 8693),"
        " or by the JWT bearer grant as Entra ID has it",
        examples=["jwt_bearer"],
    )

    @model_validator(mode="after")
    def _one_way_to_ask(self) -> Self:
        others = self.grant_type is not None or self.omit_grant_type or self.assertion is not None
        if self.on_behalf_of is not None and others:
            raise ValueError("on_behalf_of goes with no grant_type and no assertion of its own")
        if self.omit_grant_type and self.grant_type is not None:
            raise ValueError("give one of grant_type and omit_grant_type")
        if self.method == "GET" and self.parameters_in != "query":
            raise ValueError("a GET has no body: say parameters_in: query")
        said = self.assertion.claims if self.assertion else {}
        if is_too_deep(self.parameters) or is_too_deep(said, depth=1):
            raise ValueError(f"it is nested more than {DEEPEST} levels deep")
        return self

    def document(self) -> dict[str, Any]:
        """What is said here, as the registry holds it."""
        said = self.model_dump(exclude_defaults=True)
        # An `assertion` with only defaults must stay: the request is signed all the same.
        return said if self.assertion is None else {"assertion": {}} | said


class TokenAnswerModel(Strict):
    """How a token endpoint's answer is read, where it is not as RFC 6749 has it."""

    token: FieldPath | None = Field(
        default=None,
        description="Where the token stands; else access_token",
        examples=["data.accessToken"],
    )
    token_type: FieldPath | None = Field(
        default=None,
        description="Where its type stands; else token_type. Absent counts as Bearer",
        examples=["data.tokenType"],
    )
    token_types: list[Word] | None = Field(
        default=None,
        min_length=1,
        description="Types that it calls a bearer token, beside Bearer",
        examples=[["Application Access Token"]],
    )
    lifetime: FieldPath | None = Field(
        default=None,
        description="Where its lifetime stands; else expires_in",
        examples=["data.expiresAt"],
    )
    lifetime_unit: LifetimeUnitName | None = Field(
        default=None,
        description="What that means: a length, or the instant of its end; else seconds",
        examples=["rfc3339"],
    )
    scope: FieldPath | None = Field(
        default=None,
        description="Where its scopes stand, as text or list; else scope",
        examples=["data.scopes"],
    )
    error: FieldPath | None = Field(
        default=None,
        description="Where an error's code stands; else error. A value there refuses the answer",
        examples=["errcode"],
    )
    success: FieldPath | None = Field(
        default=None,
        description="Where it says that the request succeeded; anything else there: refused",
        examples=["ok"],
    )
    success_values: list[Word] | None = Field(
        default=None,
        min_length=1,
        description="What stands there then; else true",
        examples=[["OK", "200"]],
    )
    refresh_token: FieldPath | None = Field(
        default=None,
        description="Where the refresh token stands; else refresh_token, beside the token",
        examples=["data.refreshToken"],
    )
    refresh_token_lifetime: FieldPath | None = Field(
        default=None,
        description="Where its own lifetime stands; else refresh_token_expires_in and its like",
        examples=["data.refreshExpiresAt"],
    )
    refresh_token_lifetime_unit: LifetimeUnitName | None = Field(
        default=None,
        description="What that means; else seconds",
        examples=["rfc3339"],
    )

    @model_validator(mode="after")
    def _values_have_a_place(self) -> Self:
        if self.success_values is not None and self.success is None:
            raise ValueError("success_values needs success: where do they stand?")
        return self

    def document(self) -> dict[str, Any]:
        """What is said here, as the registry holds it."""
        return self.model_dump(exclude_none=True)
