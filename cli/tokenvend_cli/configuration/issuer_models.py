"""What may stand under `issuers`, and in the identity of a workload."""

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from tokenvend.domain import bounds
from tokenvend_cli.configuration.forms import Name, Target, Url, whole
from tokenvend_cli.configuration.strict import Strict

#: A subject or claim, or a pattern of it. What cannot be in a text is of no use in a pattern.
Pattern = Annotated[
    str,
    whole(
        r"[^\x00-\x1F\x7F]{1,1024}",
        "a text; `*` in it stands for one character or more, and neither for `/` nor for `:`",
    ),
]
type ClaimValue = Pattern | bool | int | dict[str, "ClaimValue"]

_AGE_SECONDS = int(bounds.SUBJECT_TOKEN_AGE.total_seconds())
_AGE_MAXIMUM_SECONDS = int(bounds.SUBJECT_TOKEN_AGE_MAXIMUM.total_seconds())


class IssuerModel(Strict):
    """A trusted issuer. Its tokens prove workloads, or with `users: true` signed-in users."""

    issuer: Target = Field(
        description="`iss` of its tokens. It is compared exactly",
        examples=["https://token.actions.githubusercontent.com"],
    )
    audience: Target | None = Field(
        default=None,
        description="`aud` that its tokens must have. Default: the deployment's URL",
        examples=["https://tokens.example.com"],
    )
    algorithms: list[
        Literal[
            "RS256",
            "RS384",
            "RS512",
            "PS256",
            "PS384",
            "PS512",
            "ES256",
            "ES384",
            "ES512",
            "EdDSA",
            "Ed25519",
        ]
    ] = Field(
        default=["RS256", "ES256", "ES384"],
        min_length=1,
        description="Signature algorithms that its tokens may have. Default: RS256, ES256, ES384",
        examples=[["RS256"]],
    )
    max_age_seconds: int = Field(
        default=_AGE_SECONDS,
        ge=1,
        le=_AGE_MAXIMUM_SECONDS,
        description=f"Greatest age of a token, counted from its `iat`. Default: {_AGE_SECONDS}",
        examples=[600],
    )
    one_time: bool = Field(
        default=False,
        description="true: accept each token only once, by its `jti`. For platforms that issue a"
        " new token for each use",
        examples=[True],
    )
    users: bool = Field(
        default=False,
        description="true: its tokens are those of signed-in users, and do not prove a caller",
        examples=[True],
    )
    jwks_uri: Url | None = Field(
        default=None,
        description="URL of its public keys. Default: `apply` reads it from the issuer's metadata"
        " and stores it",
        examples=["https://token.actions.githubusercontent.com/.well-known/jwks"],
    )
    keys: list[dict[str, JsonValue]] | None = Field(
        default=None,
        min_length=1,
        description="Its public keys as JWKs (RFC 7517), where it publishes none",
        examples=[[{"kty": "EC", "crv": "P-256", "kid": "one", "x": "…", "y": "…"}]],
    )

    @model_validator(mode="after")
    def _one_way_to_its_keys(self) -> Self:
        if self.keys is not None and self.jwks_uri is not None:
            raise ValueError("give jwks_uri or keys, not both")
        return self


class WorkloadModel(Strict):
    """Which tokens of an issuer prove the caller: by `sub`, by claims, or by both."""

    issuer: Name = Field(description="Name of an issuer in `issuers`", examples=["github"])
    sub: Pattern | None = Field(
        default=None,
        description="`sub` of the token. `*` stands for characters other than `/` and `:`",
        examples=["repo:acme/app:ref:refs/heads/*", "system:serviceaccount:billing:worker"],
    )
    claims: dict[str, ClaimValue] = Field(
        default={},
        description="Further claims that the token must have. Their texts may have `*`, like `sub`",
        examples=[
            {"repository_owner_id": "1234567"},
            {"kubernetes.io": {"namespace": "billing"}},
        ],
    )

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.sub is None and not self.claims:
            raise ValueError("give sub, claims or both: else every token of the issuer would do")
        return self
