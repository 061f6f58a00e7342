"""What may stand in `tokenvend.yaml` about token requests and their answers."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from tokenvend.domain.oauth.token_answer import PATH
from tokenvend_cli.configuration.forms import whole
from tokenvend_cli.configuration.strict import Strict

FieldPath = Annotated[
    str,
    whole(
        PATH.pattern,
        "a path of names and indexes, separated by dots, such as data.token or items.0.token",
    ),
]
Word = Annotated[str, whole(r"[\x20-\x7E]{1,64}", "plain ASCII, 64 at most")]


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
    lifetime_unit: (
        Literal[
            "seconds", "minutes", "milliseconds", "rfc3339", "epoch_seconds", "epoch_milliseconds"
        ]
        | None
    ) = Field(
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

    @model_validator(mode="after")
    def _values_have_a_place(self) -> Self:
        if self.success_values is not None and self.success is None:
            raise ValueError("success_values needs success: where do they stand?")
        return self

    def document(self) -> dict[str, Any]:
        """What is said here, as the registry holds it."""
        return self.model_dump(exclude_none=True)
