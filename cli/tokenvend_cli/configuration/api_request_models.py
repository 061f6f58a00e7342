"""What may stand in `tokenvend.yaml`, and in a profile, about how an API takes a token or key."""

from typing import Any, Self

from pydantic import Field, JsonValue, model_validator

from tokenvend_cli.configuration.forms import ApiHeaderName, HeaderPrefix, ParameterName
from tokenvend_cli.configuration.strict import Strict

#: More than any API was seen to ask for.
_MOST_PARTS = 8


class BasicModel(Strict):
    """The user name and password of HTTP Basic (RFC 7617)."""

    username: str = Field(
        default="{secret.username}",
        description="User name; may have placeholders. Default: the `username` in the secret",
        examples=["{secret.email}/token"],
    )
    password: str = Field(
        default="{secret.password}",
        description="Password; may have placeholders. Default: the `password` in the secret",
        examples=["{secret.api_key}"],
    )
    header: ApiHeaderName = Field(
        default="Authorization",
        description="Header that holds the base64 text. Default: Authorization",
        examples=["X-Auth"],
    )
    scheme: str = Field(
        default="Basic",
        pattern=r"^[A-Za-z0-9._-]{0,32}$",
        description="Word before the base64 text; may be empty. Default: Basic",
        examples=["Userkeyauth"],
    )


class _SentAsModel(Strict):
    header_name: ApiHeaderName | None = Field(
        default=None, description="Header that holds the API key", examples=["X-Api-Key"]
    )
    header_prefix: HeaderPrefix | None = Field(
        default=None,
        description="Text before the API key in that header, with its space. Default: none",
        examples=["Token "],
    )
    headers: dict[ApiHeaderName, str] = Field(
        default={},
        max_length=_MOST_PARTS,
        description="Several headers, instead of header_name; they may have placeholders",
        examples=[{"X-Api-Key": "{secret.api_key}", "X-Account": "{secret.account_id}"}],
    )
    query: dict[ParameterName, str] = Field(
        default={},
        max_length=_MOST_PARTS,
        description="Parameters that are sent in the query; they may have placeholders",
        examples=[{"key": "{secret.api_key}"}],
    )
    basic: BasicModel | None = Field(
        default=None,
        description="Send it as HTTP Basic. {} takes username and password from the secret",
        examples=[{"username": "{secret.api_key}", "password": ""}],
    )

    path_prefix: str = Field(
        default="",
        description="Path before the path of each request's URL; it may have fields of the secret."
        " Default: none",
        examples=["/bot{secret.api_key}"],
    )
    body: dict[ParameterName, JsonValue] = Field(
        default={},
        max_length=_MOST_PARTS,
        description="Members of each request's JSON object, at any depth; their texts may have"
        " placeholders",
        examples=[{"auth": {"account": "{secret.account_id}", "key": "{secret.api_key}"}}],
    )

    @model_validator(mode="after")
    def _one_way_to_send(self) -> Self:
        parts = (self.headers, self.query, self.basic, self.path_prefix, self.body)
        if (self.header_name is None) is not any(map(bool, parts)):
            raise ValueError(
                "give header_name, or else some of headers, query, basic, path_prefix and body"
            )
        if self.header_prefix is not None and self.header_name is None:
            raise ValueError("header_prefix goes with header_name: write it into the header's text")
        if self.basic is not None and self.basic.header.lower() in map(str.lower, self.headers):
            raise ValueError(f"basic is the {self.basic.header} header: drop it from headers")
        return self

    def document(self) -> dict[str, Any]:
        """What is said here, as `tokenvend.domain.api_request` parses it."""
        return self.model_dump(exclude_defaults=True, exclude_none=True)


class ApiKeyModel(_SentAsModel):
    """How the provider's API expects an API key, or another credential that does not change.

    A text may have placeholders: `{secret.account_id}` stands for the field `account_id` of the
    credential's secret.
    """


class ApiRequestModel(_SentAsModel):
    """How the provider's API expects an access token, if not as a bearer token alone.

    A text may have placeholders. `{token}` stands for the token, and must be there once.
    `{answer.account.id}` stands for another value of the token answer, by its path, and
    `{cookie.ROUTEID}` for a cookie of that answer. Callers get each field that is named here.
    """

    header_name: ApiHeaderName | None = Field(
        default=None,
        description="Header that holds the token",
        examples=["X-Access-Token"],
    )
    header_prefix: HeaderPrefix | None = Field(
        default=None,
        description="Text before the token in that header, with its space. Default: none",
        examples=["OAuth "],
    )
    headers: dict[ApiHeaderName, str] = Field(
        default={},
        max_length=_MOST_PARTS,
        description="Several headers, instead of header_name; they may have placeholders",
        examples=[{"Authorization": "Bearer {token}", "X-Api-Key": "{secret.api_key}"}],
    )
    query: dict[ParameterName, str] = Field(
        default={},
        max_length=_MOST_PARTS,
        description="Parameters that are sent in the query; they may have placeholders",
        examples=[{"access_token": "{token}"}],
    )
    basic: BasicModel | None = Field(
        default=None,
        description="Send the token as the user name or the password of HTTP Basic",
        examples=[{"username": "{secret.company}", "password": "{token}"}],
    )
