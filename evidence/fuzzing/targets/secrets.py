"""The texts of provider secrets, as Secrets Manager answers them."""

import json
from typing import Any

from tests.adapters.registry_samples import DEFINITION

from fuzzing import hostile
from fuzzing.target import FuzzTarget, keeps_secret
from tokenvend.adapters.dynamodb.definition_items import build_definition, parse_definition
from tokenvend.adapters.secrets_manager import DEPLOYMENT_TAG, HOST_TAG, SecretsManagerStore
from tokenvend.adapters.signing.pem import load_key
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import PrivateKey
from tokenvend.ports import SecretUnusableError, SigningKeyUnusableError

type Document = dict[str, Any]

#: A definition whose secret tokenvend's own command wrote, so it has the name of the credential.
_DEFINITION = parse_definition(build_definition(DEFINITION).document | {"secret": None})
_SECRET = {"client_id": "our-client", "client_secret": hostile.MARKER, "private_key": "-----BEGIN"}


class _SecretsManager:
    """The part of a Secrets Manager client that reads one secret."""

    def __init__(self, text: str) -> None:
        self._text = text

    def describe_secret(self, **_: object) -> Document:
        tags = {DEPLOYMENT_TAG: "tokenvend", HOST_TAG: "login.acme.example"}
        return {"Tags": [{"Key": name, "Value": value} for name, value in tags.items()]}

    def get_secret_value(self, **_: object) -> Document:
        return {"SecretString": self._text, "VersionId": "1"}


def _check_secret(text: str) -> str:
    client: Any = _SecretsManager(text)
    store = SecretsManagerStore(client, prefix="tokenvend/", deployment="tokenvend")
    try:
        secret = store.read(_DEFINITION, None)
    except SecretUnusableError as error:
        keeps_secret(error)
        return "unusable"
    keeps_secret(secret)
    try:
        load_key(PrivateKey(Secret(text)))
    except SigningKeyUnusableError as error:
        keeps_secret(error)
    return "read"


TARGETS = (
    FuzzTarget(
        name="secrets",
        promise="a secret of any text is read or unusable, and never quoted",
        inputs=hostile.altered(_SECRET).map(json.dumps)
        | hostile.secrets
        | hostile.json_bytes.map(lambda raw: raw.decode("latin-1")),
        check=_check_secret,
    ),
)
