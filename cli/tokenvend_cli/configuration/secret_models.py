"""What may stand in `tokenvend.yaml` about a credential's secret and its keys."""

from typing import Literal

from pydantic import Field

from tokenvend_cli.configuration.forms import KmsKeyArn, SecretArn
from tokenvend_cli.configuration.strict import Strict


class SecretModel(Strict):
    """A secret in Secrets Manager that you keep already."""

    arn: SecretArn = Field(description="Its ARN; see `tokenvend secret adopt`")
    client_id_key: str = Field(
        default="client_id", min_length=1, description="The key of the client id in its JSON"
    )
    client_secret_key: str = Field(
        default="client_secret", min_length=1, description="The key of the secret in its JSON"
    )
    api_key_key: str = Field(
        default="api_key", min_length=1, description="The key of the API key in its JSON"
    )
    private_key_key: str = Field(
        default="private_key", min_length=1, description="The key of the private key in its JSON"
    )
    key_id_key: str = Field(
        default="key_id", min_length=1, description="The key of its `kid` in its JSON"
    )
    plain_text: bool = Field(
        default=False,
        description="It is no JSON: the whole text is the one field that is needed",
        examples=[True],
    )


class SigningModel(Strict):
    """What signs for a client that authenticates with private_key_jwt."""

    algorithm: Literal["RS256", "PS256", "ES256"] = Field(
        default="RS256", description="How; the key must fit"
    )
    kms_keys: list[KmsKeyArn] = Field(
        default=[],
        description="Key pairs in KMS: the first signs, all are published; none, and the secret"
        " holds a private_key",
    )
    certificate: bool = Field(
        default=False,
        description="The secret has the key's certificate, by which the provider knows the key"
        " (x5t#S256)",
    )
    aws_identity: bool = Field(
        default=False,
        description="No key of yours: AWS signs who the function's role is (see Deploying,"
        " IdentityTokenAudiences)",
    )
