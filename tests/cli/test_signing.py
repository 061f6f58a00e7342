"""`secret put` for a client that signs, and what `apply` publishes."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from tests.cli.conftest import Items, Tokenvend
from tests.fakes.signer import new_pair, pem_of

from tokenvend.domain.signing import SigningAlgorithm

KEYS = [f"arn:aws:kms:eu-central-1:123456789012:key/{name}" for name in ("one", "next")]
PEM = pem_of(new_pair(SigningAlgorithm.ES256)).reveal()
type Read = Callable[[], Items]


def _sign(**signing: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document["providers"]["acme"]["client_authentication"] = "private_key_jwt"
        document["credentials"]["jobs"]["signing"] = {"algorithm": "ES256", **signing}

    return change


def _secret() -> Any:
    value = boto3.client("secretsmanager").get_secret_value(SecretId="tokenvend/tokenvend/jobs")
    return json.loads(value["SecretString"])


def test_private_key_is_written_and_its_public_half_shown(tokenvend: Tokenvend) -> None:
    tokenvend.write(_sign())
    tokenvend.apply()
    secret = {"client_id": "us", "private_key": "\n" + PEM}

    told = tokenvend("secret", "put", "jobs", stdin=json.dumps(secret))

    assert told.exit_code == 0, told.output
    assert _secret() == {"client_id": "us", "private_key": PEM}
    public = json.loads(told.stdout[told.stdout.index("{") :])
    assert public.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert "PRIVATE" not in told.output


def test_name_that_the_provider_gave_the_key_is_kept(tokenvend: Tokenvend) -> None:
    tokenvend.write(_sign())
    tokenvend.apply()
    secret = {"client_id": "us", "private_key": PEM, "key_id": "theirs"}

    told = tokenvend.json("secret", "put", "jobs", stdin=json.dumps(secret))

    assert told["public_key"]["kid"] == "theirs"
    assert _secret()["key_id"] == "theirs"


@pytest.mark.parametrize(
    "secret",
    [
        {"client_id": "us", "private_key": "-----BEGIN"},
        {"client_id": "us", "client_secret": "s"},
        {"client_id": "us", "private_key": pem_of(new_pair(SigningAlgorithm.RS256)).reveal()},
        {"private_key": PEM},
    ],
    ids=["no key", "a client secret", "a key for another algorithm", "no client id"],
)
def test_what_cannot_sign_is_not_written(tokenvend: Tokenvend, secret: dict[str, str]) -> None:
    tokenvend.write(_sign())
    tokenvend.apply()

    told = tokenvend("secret", "put", "jobs", stdin=json.dumps(secret))

    assert told.exit_code == 2
    assert "BEGIN" not in told.output
    names = boto3.client("secretsmanager").list_secrets()["SecretList"]
    assert names == []


def test_where_kms_signs_the_secret_is_the_client_id(tokenvend: Tokenvend) -> None:
    tokenvend.write(_sign(kms_keys=KEYS))
    tokenvend.apply()

    told = tokenvend("secret", "put", "jobs", stdin=json.dumps({"client_id": "us"}))

    assert (told.exit_code, _secret()) == (0, {"client_id": "us"})


def test_keys_are_published_and_no_longer_when_the_file_drops_them(
    tokenvend: Tokenvend, registry: Read
) -> None:
    tokenvend.write(_sign(kms_keys=KEYS))
    told = tokenvend.apply().stdout
    published = registry()["jwks", "*"]
    tokenvend.write()
    tokenvend.apply()

    assert "+ published keys /.well-known/jwks.json" in told
    assert [key["arn"] for key in published["keys"]] == sorted(KEYS)
    assert ("jwks", "*") not in registry()


def test_rotation_is_shown_in_its_order(tokenvend: Tokenvend) -> None:
    tokenvend.write(_sign(kms_keys=KEYS))
    tokenvend.apply()
    tokenvend.write(_sign(kms_keys=KEYS[::-1]))

    told = tokenvend.on_file("plan").stdout

    assert f"kms_keys: {KEYS[1]} {KEYS[0]}" in told
    assert "published keys" not in told
