"""What may stand in `tokenvend.yaml` about a token that tokenvend signs itself."""

from typing import Any, Literal, Self

from pydantic import Field, JsonValue, model_validator

from tokenvend.domain import bounds
from tokenvend.domain.oauth.request_description import DEEPEST, is_too_deep
from tokenvend.domain.oauth.signed_jwt import RESERVED_HEADER, SET_CLAIMS
from tokenvend.domain.shared_key import MacAlgorithm
from tokenvend_cli.configuration.forms import ClaimName
from tokenvend_cli.configuration.strict import Strict

_SECONDS = int(bounds.SIGNED_JWT_LIFETIME.total_seconds())
_SECONDS_MAXIMUM = int(bounds.SIGNED_JWT_LIFETIME_MAXIMUM.total_seconds())


class SignedJwtModel(Strict):
    """A JWT that tokenvend signs, and that the provider's API takes as the token.

    A text may have placeholders: `{secret.key_id}` stands for the field `key_id` of the
    credential's secret. Whoever gets the token can read it.
    """

    algorithm: Literal["RS256", "PS256", "ES256", "HS256", "HS384", "HS512"] = Field(
        description="Signature algorithm (RFC 7518). RS256, PS256 and ES256 take the `private_key`"
        " in the secret, or a key in KMS; HS256, HS384 and HS512 take the `shared_key` in the"
        " secret",
        examples=["ES256"],
    )
    key_encoding: Literal["utf-8", "base64", "hex"] | None = Field(
        default=None,
        description="How the bytes of the `shared_key` are written. Default: utf-8",
        examples=["hex"],
    )
    header: dict[ClaimName, JsonValue] = Field(
        default={},
        description="Further fields of the header; their texts may have placeholders. `alg` is set"
        " already, and `typ` is JWT unless it stands here",
        examples=[{"kid": "{secret.key_id}"}],
    )
    claims: dict[ClaimName, JsonValue] = Field(
        default={},
        description="The claims; their texts may have placeholders. `iat` and `exp` are set"
        " already. `aud` is recorded with the secret: the key signs for no other",
        examples=[{"iss": "{secret.issuer_id}", "aud": "api.acme.example"}],
    )
    scope_claim: bool = Field(
        default=False,
        description="true: the claim `scope` has the token's scopes",
        examples=[True],
    )
    lifetime_seconds: int | None = Field(
        default=None,
        ge=30,
        le=_SECONDS_MAXIMUM,
        description="Time from `iat` to `exp`: at most what the provider allows. Default:"
        f" {_SECONDS}",
        examples=[1200],
    )

    @model_validator(mode="after")
    def _only_what_a_file_may_say(self) -> Self:
        if self.key_encoding is not None and self.algorithm not in set(MacAlgorithm):
            raise ValueError("key_encoding is for HS256, HS384 and HS512: a private key is PEM")
        for name, reserved in (("header", RESERVED_HEADER), ("claims", SET_CLAIMS)):
            if taken := sorted(reserved.intersection(getattr(self, name))):
                raise ValueError(f"{name}: {', '.join(taken)} cannot be set here")
        if self.scope_claim and "scope" in self.claims:
            raise ValueError("claims: scope_claim sets scope")
        if is_too_deep(self.header) or is_too_deep(self.claims):
            raise ValueError(f"it is nested more than {DEEPEST} levels deep")
        return self

    def document(self) -> dict[str, Any]:
        """Return the fields as the registry holds them."""
        return self.model_dump(exclude_defaults=True)
