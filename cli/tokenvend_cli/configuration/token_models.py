"""What may stand in `tokenvend.yaml` about token requests and their answers."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, model_validator

from tokenvend.domain.oauth.request_description import DEEPEST, is_too_deep
from tokenvend.domain.oauth.response_description import (
    PATH,
    PATHS,
    field_that_shows_a_token,
    parse_path,
)
from tokenvend_cli.configuration.assertion_models import GrantAssertionModel
from tokenvend_cli.configuration.forms import HeaderName, ParameterName, whole
from tokenvend_cli.configuration.strict import Strict

FieldPath = Annotated[
    str,
    whole(
        PATH.pattern,
        "a path of names and indexes, separated by dots, such as data.token or items.0.token",
    ),
]
GrantType = Annotated[
    str, whole(r"[\x21-\x7E]{1,128}", "a grant type: a word or a URI, without spaces")
]
LifetimeUnitName = Literal[
    "seconds", "minutes", "milliseconds", "rfc3339", "epoch_seconds", "epoch_milliseconds"
]
Word = Annotated[str, whole(r"[\x20-\x7E]{1,64}", "plain ASCII, 64 at most")]


class OneRequestModel(Strict):
    """Parameters of one kind of request, beside those of all requests to the token endpoint."""

    parameters: dict[ParameterName, JsonValue] = Field(
        default={},
        description="Added to `token_request.parameters`, or in place of those of the same name",
        examples=[{"type": "refresh"}],
    )
    query: dict[ParameterName, str] = Field(
        default={},
        description="Added to `token_request.query`, or in place of those of the same name",
        examples=[{"refresh": ""}],
    )


class TokenRequestModel(Strict):
    """How a token request differs from RFC 6749.

    A text may have placeholders: `{secret.account_id}` stands for the field `account_id` of the
    credential's secret.
    """

    grant_type: GrantType | None = Field(
        default=None,
        description="Grant type that the provider expects. Default: client_credentials",
        examples=["account_credentials"],
    )
    omit_grant_type: bool = Field(
        default=False,
        description="true: send no grant_type, because the request is a login of the provider's"
        " own",
        examples=[True],
    )
    method: Literal["POST", "GET"] | None = Field(
        default=None,
        description="HTTP method. A GET has its parameters in the query. Default: POST",
        examples=["GET"],
    )
    parameters_in: Literal["form", "json", "query"] | None = Field(
        default=None,
        description="Where the parameters are sent: in a form body, a JSON body or the query."
        " Default: form",
        examples=["json"],
    )
    parameters: dict[ParameterName, JsonValue] = Field(
        default={},
        description="Further parameters; their texts may have placeholders. In a JSON body they"
        " may be of any JSON type",
        examples=[{"account_id": "{secret.account_id}"}],
    )
    query: dict[ParameterName, str] = Field(
        default={},
        description="Further parameters that are sent in the query, also where parameters_in is"
        " form or json",
        examples=[{"api-version": "2"}],
    )
    headers: dict[HeaderName, str] = Field(
        default={},
        description="Further headers; they may have placeholders",
        examples=[{"Ocp-Apim-Subscription-Key": "{secret.subscription_key}"}],
    )
    assertion: GrantAssertionModel | None = Field(
        default=None,
        description="A signed assertion that is exchanged for the token (RFC 7523 §2.1). {} has"
        " the default claims",
        examples=[{"issuer": "{secret.client_email}", "scope_claim": True}],
    )

    on_behalf_of: Literal["token_exchange", "jwt_bearer"] | None = Field(
        default=None,
        description="Exchange the signed-in user's token for one of the provider: by token"
        " exchange (RFC 8693), or by the JWT bearer grant as Entra ID has it",
        examples=["jwt_bearer"],
    )
    code_exchange: OneRequestModel | None = Field(
        default=None,
        description="Parameters of the code exchange alone (authorization_code)",
        examples=[{"parameters": {"type": "web_server"}}],
    )
    refresh: OneRequestModel | None = Field(
        default=None,
        description="Parameters of refresh requests alone (authorization_code)",
        examples=[{"parameters": {"type": "refresh"}}],
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
        own = (each.parameters for each in (self.code_exchange, self.refresh) if each)
        if any(map(is_too_deep, (self.parameters, *own))) or is_too_deep(said, depth=1):
            raise ValueError(f"it is nested more than {DEEPEST} levels deep")
        return self

    def document(self) -> dict[str, Any]:
        """What is said here, as the registry holds it."""
        said = self.model_dump(exclude_defaults=True)
        # An `assertion` with only defaults must stay: the request is signed all the same.
        return said if self.assertion is None else {"assertion": {}} | said


class TokenAnswerModel(Strict):
    """How the answer of a token endpoint differs from RFC 6749.

    A path is names and list indexes with dots between them, such as `data.items.0.token`.
    """

    token: FieldPath | None = Field(
        default=None,
        description="Path of the access token. Default: access_token",
        examples=["data.accessToken"],
    )
    token_type: FieldPath | None = Field(
        default=None,
        description="Path of the token type. Default: token_type. A token without a type counts as"
        " Bearer",
        examples=["data.tokenType"],
    )
    token_types: list[Word] | None = Field(
        default=None,
        min_length=1,
        description="Token types that mean a bearer token, in addition to Bearer",
        examples=[["Application Access Token"]],
    )
    lifetime: FieldPath | None = Field(
        default=None,
        description="Path of the lifetime, or of the instant of expiry. Default: expires_in",
        examples=["data.expiresAt"],
    )
    lifetime_unit: LifetimeUnitName | None = Field(
        default=None,
        description="Unit of the lifetime, or format of the instant of expiry. Default: seconds",
        examples=["rfc3339"],
    )
    scope: FieldPath | None = Field(
        default=None,
        description="Path of the scopes, which may be one text or a list. Default: scope",
        examples=["data.scopes"],
    )
    error: FieldPath | None = Field(
        default=None,
        description="Path of the error code. An answer that has one is refused. Default: error",
        examples=["errcode"],
    )
    success: FieldPath | None = Field(
        default=None,
        description="Path of a field that says whether the request succeeded. An answer with any"
        " value other than success_values is refused",
        examples=["ok"],
    )
    success_values: list[Word] | None = Field(
        default=None,
        min_length=1,
        description="Values of that field that mean success. Default: true",
        examples=[["OK", "200"]],
    )
    refresh_token: FieldPath | None = Field(
        default=None,
        description="Path of the refresh token. Default: refresh_token, in the object that has the"
        " access token",
        examples=["data.refreshToken"],
    )
    refresh_token_lifetime: FieldPath | None = Field(
        default=None,
        description="Path of the refresh token's lifetime. Default: refresh_token_expires_in,"
        " refresh_expires_in or x_refresh_token_expires_in",
        examples=["data.refreshExpiresAt"],
    )
    plain_text: Literal[True] | None = Field(
        default=None,
        description="true: the whole body is the access token, as text. Default: the body is JSON"
        " or a form",
        examples=[True],
    )
    refresh_token_lifetime_unit: LifetimeUnitName | None = Field(
        default=None,
        description="Unit of the refresh token's lifetime, or format of its instant of expiry."
        " Default: seconds",
        examples=["rfc3339"],
    )

    @model_validator(mode="after")
    def _values_have_a_place(self) -> Self:
        if self.success_values is not None and self.success is None:
            raise ValueError("success_values needs success: where do they stand?")
        given = {name: getattr(self, name) for name in PATHS}
        paths = {name: parse_path(path) for name, path in given.items() if path is not None}
        if shown := field_that_shows_a_token(paths):
            raise ValueError(f"{shown} leads to a token, and its value is shown and logged")
        return self

    def document(self) -> dict[str, Any]:
        """What is said here, as the registry holds it."""
        return self.model_dump(exclude_none=True)
