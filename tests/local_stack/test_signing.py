"""Clients that sign, at a provider that nobody here wrote: by a key in the secret, and by KMS."""

import json
from typing import Any

import pytest
import requests
from tests.local_stack.harness import Harness
from tests.local_stack.node_provider import SCOPES, NodeClient, NodeProvider

from tokenvend.domain.signing import KmsKey
from tokenvend_local.callers import ask_signed
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack


def _credential(
    harness: Harness, provider: NodeProvider, signing: dict[str, Any], secret: dict[str, str]
) -> tuple[str, Principal]:
    """A credential of the provider, put and granted; its name and a role that may have it."""
    name, caller = harness.name("orders"), harness.name("shop")
    harness.configuration["providers"][name] = {
        "issuer": provider.issuer,
        "client_authentication": "private_key_jwt",
        "scope_mode": "narrows",
        "scope_mode_source": "tests/node/server.mjs",
    }
    harness.configuration["credentials"][name] = {
        "provider": name,
        "scopes": list(SCOPES),
        "signing": signing,
    }
    role = harness.role(caller)
    harness.caller(caller, iam=role)
    harness.grant(caller, name)
    harness.apply()
    harness.stack.tokenvend("secret", "put", name, stdin=json.dumps(secret))
    return name, role


def _new_key(stack: LocalStack, *, tag: str) -> str:
    made = stack.client("kms").create_key(
        KeyUsage="SIGN_VERIFY",
        KeySpec="ECC_NIST_P256",
        Tags=[{"TagKey": "tokenvend:deployment", "TagValue": tag}],
    )
    return str(made["KeyMetadata"]["Arn"])


def _accepted(provider: NodeProvider, client: NodeClient) -> int:
    return sum(each["status"] == 200 for each in provider.exchanges(client.client_id))


def test_private_key_in_the_secret_signs(
    stack: LocalStack, harness: Harness, node_provider: NodeProvider, keep_out_of_logs: set[str]
) -> None:
    client = node_provider.signing
    keep_out_of_logs.add(client.private_key)
    secret = {"client_id": client.client_id, "private_key": client.private_key}
    name, role = _credential(harness, node_provider, {"algorithm": "PS256"}, secret)

    answer = ask_signed(stack.deployed, role, name, scope="orders.read")

    keep_out_of_logs.add(answer.token)
    assert answer.document["scope"] == "orders.read"
    assert _accepted(node_provider, client) == 1


def test_key_that_never_leaves_kms_signs_and_is_rotated_without_a_gap(
    stack: LocalStack, harness: Harness, node_provider: NodeProvider, keep_out_of_logs: set[str]
) -> None:
    client, tag = node_provider.published, stack.deployed.outputs["DeploymentId"]
    one, following = _new_key(stack, tag=tag), _new_key(stack, tag=tag)
    # Both are published; the first signs.
    signing = {"algorithm": "ES256", "kms_keys": [one, following]}
    secret = {"client_id": client.client_id}
    name, role = _credential(harness, node_provider, signing, secret)

    first = ask_signed(stack.deployed, role, name, scope="orders.read")
    signing["kms_keys"] = [following, one]
    harness.apply()
    stack.tokenvend("secret", "put", name, stdin=json.dumps(secret))
    second = ask_signed(stack.deployed, role, name, scope="orders.write")

    keep_out_of_logs.update({first.token, second.token})
    assert (first.document["scope"], second.document["scope"]) == ("orders.read", "orders.write")
    assert _accepted(node_provider, client) == 2
    jwks = requests.get(f"{stack.api_url}/.well-known/jwks.json", timeout=10).json()
    published = {jwk["kid"]: jwk for jwk in jwks["keys"]}
    assert published.keys() >= {KmsKey(one).key_id, KmsKey(following).key_id}
    assert all(
        jwk.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"} for jwk in published.values()
    )


def test_signed_client_without_its_key_is_refused_and_told(
    stack: LocalStack, harness: Harness, node_provider: NodeProvider
) -> None:
    gone = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"
    signing = {"algorithm": "ES256", "kms_keys": [gone]}
    name, role = _credential(harness, node_provider, signing, {"client_id": "nobody"})

    answer = ask_signed(stack.deployed, role, name)

    assert (answer.status, answer.error) == (502, "credential_not_ready")


@pytest.mark.usefixtures("node_provider")
def test_jwks_role_may_read_public_halves_and_nothing_else(stack: LocalStack) -> None:
    iam, sts = stack.client("iam"), stack.client("sts")
    name = next(
        role["RoleName"] for role in iam.list_roles()["Roles"] if "JwksRole" in role["RoleName"]
    )
    arn = iam.get_role(RoleName=name)["Role"]["Arn"]
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="as-function")["Credentials"]
    as_function = {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
    key = _new_key(stack, tag=stack.deployed.outputs["DeploymentId"])
    kms = stack.client("kms", **as_function)

    assert kms.get_public_key(KeyId=key)["PublicKey"]
    with pytest.raises(kms.exceptions.ClientError, match="AccessDenied"):
        kms.sign(KeyId=key, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    with pytest.raises(kms.exceptions.ClientError, match="AccessDenied"):
        stack.client("secretsmanager", **as_function).list_secrets()
