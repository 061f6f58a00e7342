"""`secret put`, `explain` and `probe` for a token that tokenvend signs."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from tests.cli.conftest import Tokenvend
from tests.configuration.signed_jwts import (
    APP_STORE,
    APP_STORE_SECRET,
    GHOST,
    GHOST_SECRET,
    GITHUB_SECRET,
)


def signs(provider: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document["providers"]["signer"] = provider
        document["credentials"]["jobs"] = {"provider": "signer", "kind": "signed_jwt"}
        grant = {"caller": "events", "credential": "jobs", "full_access": True}
        others = [each for each in document["grants"] if each["credential"] != "jobs"]
        document["grants"] = [*others, grant]

    return change


def stored() -> dict[str, Any]:
    client = boto3.client("secretsmanager")
    name = "tokenvend/tokenvend/jobs"
    tags = {each["Key"]: each["Value"] for each in client.describe_secret(SecretId=name)["Tags"]}
    value: dict[str, Any] = json.loads(client.get_secret_value(SecretId=name)["SecretString"])
    return value | {"recorded": tags["tokenvend:host"]}


def test_private_key_is_checked_and_its_public_half_shown(tokenvend: Tokenvend) -> None:
    tokenvend.write(signs(APP_STORE))
    tokenvend.apply()

    told = tokenvend("secret", "put", "jobs", stdin=json.dumps(APP_STORE_SECRET))

    assert told.exit_code == 0, told.output
    assert stored() == APP_STORE_SECRET | {
        "recorded": "@signs:appstoreconnect-v1 @callers:issuer_id @callers:key_id"
    }
    said = " ".join(told.output.split())
    assert (
        "It is sent nowhere; it signs tokens for appstoreconnect-v1, which show granted callers"
        " issuer_id and key_id." in said
    )
    assert json.loads(told.stdout[told.stdout.index("{") :])["alg"] == "ES256"
    assert "PRIVATE" not in told.output


@pytest.mark.parametrize(
    ("provider", "secret", "told"),
    [
        (APP_STORE, APP_STORE_SECRET | {"private_key": GITHUB_SECRET["private_key"]}, "for ES256"),
        (GHOST, GHOST_SECRET | {"shared_key": "zq" * 32}, "not written as hex"),
        (GHOST, GHOST_SECRET | {"shared_key": "abcdef"}, "fewer than 32 bytes"),
        (GHOST, {"shared_key": GHOST_SECRET["shared_key"]}, "key_id is missing"),
        (GHOST, GHOST_SECRET | {"private_key": "PEM"}, "exactly shared_key and key_id"),
    ],
)
def test_secret_that_cannot_sign_is_not_written(
    tokenvend: Tokenvend, provider: dict[str, Any], secret: dict[str, str], told: str
) -> None:
    tokenvend.write(signs(provider))
    tokenvend.apply()

    output = tokenvend("secret", "put", "jobs", stdin=json.dumps(secret))

    assert (output.exit_code, told in " ".join(output.output.split())) == (2, True)
    assert secret.get("shared_key", "no key") not in output.output
    assert boto3.client("secretsmanager").list_secrets()["SecretList"] == []


def test_changed_audience_is_agreed_on_before_the_key_signs_for_it(tokenvend: Tokenvend) -> None:
    tokenvend.write(signs(GHOST))
    tokenvend.apply()
    tokenvend("secret", "put", "jobs", stdin=json.dumps(GHOST_SECRET))
    claims = {"signed_jwt": GHOST["signed_jwt"] | {"claims": {"aud": "/other/"}}}
    tokenvend.write(signs(GHOST | claims))
    tokenvend.apply()

    told = tokenvend("secret", "put", "jobs", stdin=json.dumps(GHOST_SECRET))

    assert told.exit_code == 1
    assert "is stored for @signs:/admin/ @callers:key_id" in " ".join(told.output.split())
    assert stored()["recorded"].startswith("@signs:/admin/ ")


def test_lines_of_an_import_are_checked_likewise(tokenvend: Tokenvend) -> None:
    tokenvend.write(signs(GHOST))
    tokenvend.apply()
    line = {"name": "jobs", "fields": {"key_id": "1", "shared_key": "zqzq"}}

    told = tokenvend("secret", "import", stdin=json.dumps(line))

    assert told.exit_code == 1
    assert "not written as hex" in " ".join(told.output.split())
    assert "zqzq" not in told.output


def test_token_is_shown_with_a_name_for_each_secret(tokenvend: Tokenvend) -> None:
    tokenvend.write(signs(APP_STORE))

    question = ("--caller", "events", "--credential", "jobs")

    told = tokenvend.json("explain", "--file", str(tokenvend.file), *question)

    (verdict,) = told
    assert verdict["request"] == "none: tokenvend signs the token itself"
    assert json.loads(verdict["jwt_header"]) == {
        "typ": "JWT",
        "kid": "{secret.key_id}",
        "alg": "ES256",
    }
    assert json.loads(verdict["jwt_claims"]) == {
        "iss": "{secret.issuer_id}",
        "aud": "appstoreconnect-v1",
        "iat": "(when it is signed)",
        "exp": "(when it ends)",
    }
    assert verdict["signed_with"] == "{secret.private_key}"
    assert verdict["lifetime"] == "1200 s"


def test_there_is_no_endpoint_to_probe(tokenvend: Tokenvend) -> None:
    tokenvend.write(signs(GHOST))
    tokenvend.apply()

    told = tokenvend("probe", "jobs")

    assert told.exit_code == 2
    assert "signs the tokens of jobs itself" in " ".join(told.output.split())
