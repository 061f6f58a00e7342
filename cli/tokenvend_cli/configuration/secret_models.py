"""What may stand in `tokenvend.yaml` about a credential's secret and its keys."""

from typing import Literal

from pydantic import Field

from tokenvend_cli.configuration.forms import KmsKeyArn, SecretArn
from tokenvend_cli.configuration.strict import Strict


class SecretModel(Strict):
    """A secret that you have already in Secrets Manager, and the names of its JSON keys."""

    arn: SecretArn = Field(
        description="ARN of the secret. `tokenvend secret adopt` shows what the secret needs",
        examples=["arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme/orders-AbCdEf"],
    )
    client_id_key: str = Field(
        default="client_id",
        min_length=1,
        description="JSON key of the client id",
        examples=["id"],
    )
    client_secret_key: str = Field(
        default="client_secret",
        min_length=1,
        description="JSON key of the client secret",
        examples=["secret"],
    )
    api_key_key: str = Field(
        default="api_key",
        min_length=1,
        description="JSON key of the API key",
        examples=["token"],
    )
    private_key_key: str = Field(
        default="private_key",
        min_length=1,
        description="JSON key of the private key, a PEM text",
        examples=["pem"],
    )
    key_id_key: str = Field(
        default="key_id",
        min_length=1,
        description="JSON key of the private key's id (`kid`)",
        examples=["kid"],
    )
    plain_text: bool = Field(
        default=False,
        description="true: the secret is no JSON. Its whole text is the one field that is needed",
        examples=[True],
    )


class SigningModel(Strict):
    """The key that signs assertions, where the provider takes signed assertions."""

    algorithm: Literal["RS256", "PS256", "ES256"] = Field(
        default="RS256",
        description="Signature algorithm (RFC 7518). It must fit the key",
        examples=["ES256"],
    )
    kms_keys: list[KmsKeyArn] = Field(
        default=[],
        description="ARNs of key pairs in KMS. The first one signs; the public keys of all are"
        " published. Default: the `private_key` in the secret signs",
        examples=[["arn:aws:kms:eu-west-1:111122223333:key/8c7b2f04-5d1e-4f5a-9a37-0f3f6f7f2d11"]],
    )
    certificate: bool = Field(
        default=False,
        description="true: the assertion names the key by its certificate (`x5t#S256`). The secret"
        " has the `certificate` too",
        examples=[True],
    )
    aws_identity: bool = Field(
        default=False,
        description="true: AWS signs the assertion, which names the function's role; no key is"
        " yours. Deploy with the parameter IdentityTokenAudiences",
        examples=[True],
    )
