"""Workloads that prove themselves by a platform's token, and clients that AWS proves."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError
from joserfc.jwk import ECKey

from tokenvend_smoke.callers import CALLER, error_of
from tokenvend_smoke.configuration import BY_AWS, MACHINE
from tokenvend_smoke.logs import documents_since, log_group
from tokenvend_smoke.outcome import NotRunError, require
from tokenvend_smoke.rows.invoking import must_be_denied
from tokenvend_smoke.run import Smoke
from tokenvend_smoke.waiting import wait_until

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_JWT = "urn:ietf:params:oauth:token-type:jwt"
_DISABLED = "OutboundWebIdentityFederationDisabledException"
_SWITCH_ON = "switch it on first: aws iam enable-outbound-web-identity-federation"


def shared_alias_denies_everybody_else(smoke: Smoke) -> None:
    """With `direct_workloads`, whoever runs this is denied the alias `Workloads`."""
    key: ECKey = ECKey.generate_key("P-256", auto_kid=True)
    issuers = {"nobody": {"issuer": "https://nobody.example", "keys": [key.as_dict(private=False)]}}
    principals = [smoke.stand_in.outputs["CallerRoleArn"]]
    with _applied(smoke, {"issuers": issuers, "direct_workloads": {"principals": principals}}):
        must_be_denied(smoke, "VendDirect", "Workloads")


def a_platforms_token_proves_a_caller(smoke: Smoke) -> None:
    """AWS's own token for the caller's role gets a token, and the audit line says whose it was."""
    audience = smoke.account.outputs()["VendingApiUrl"]
    token = _aws_token(smoke, audience)
    claims = _claims(token)
    rule = {"workload": {"issuer": "aws", "sub": claims["sub"]}}
    with _applied(smoke, {"issuers": {"aws": {"issuer": claims["iss"]}}}, identity=rule):
        form = {
            "grant_type": _EXCHANGE,
            "subject_token_type": _JWT,
            "subject_token": token,
            "scope": smoke.new_scope(),
        }
        answer = smoke.caller.post(f"/oauth2/{MACHINE}/token", None, form)
        require("access_token" in answer, f"it was answered {error_of(answer)}")
        require("issued_token_type" in answer, "the answer has no issued_token_type")
    group = log_group(smoke.account, "VendOauth2")

    def is_logged() -> bool:
        lines = documents_since(smoke.account, group, smoke.began_ms)
        return any(each.get("subject") == claims["sub"] for each in lines)

    wait_until(is_logged, minutes=3, otherwise="no audit line has the token's subject")


def aws_proves_a_client(smoke: Smoke) -> None:
    """A client that AWS proves gets a token only for the audience that the template allows."""
    _aws_token(smoke, smoke.stand_in.url)
    refused = smoke.caller.by_role(BY_AWS)
    expected = "credential_not_ready"
    require(refused.get("error") == expected, f"without the audience: {error_of(refused)}")
    smoke.account.deploy(smoke.file, IdentityTokenAudiences=f"{smoke.stand_in.url}/token")
    # After a failure, tokenvend retries only after a while.
    wait_until(
        lambda: "access_token" in smoke.caller.by_role(BY_AWS),
        minutes=10,
        otherwise="with the audience there is no token either",
        pause_seconds=30,
    )


def _aws_token(smoke: Smoke, audience: str) -> str:
    """AWS's identity token for the caller's role.

    Raises:
        NotRunError: the account has them switched off.
    """
    sts = smoke.account.client_as(smoke.caller.keys, "sts")
    try:
        found = sts.get_web_identity_token(
            Audience=[audience], SigningAlgorithm="ES384", DurationSeconds=300
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == _DISABLED:
            raise NotRunError(_SWITCH_ON) from None
        raise
    return str(found["WebIdentityToken"])


def _claims(token: str) -> Mapping[str, Any]:
    """Return a token's claims, unverified: only the subject is needed here."""
    body = token.split(".")[1]
    claims: Mapping[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


@contextmanager
def _applied(
    smoke: Smoke, more: Mapping[str, Any], *, identity: Mapping[str, Any] | None = None
) -> Iterator[None]:
    """Apply the run's file with *more* and one more identity of its caller; then restore it."""
    apply = ("apply", "--yes", "--file", str(smoke.file))
    document = smoke.configuration() | dict(more)
    if identity is not None:
        document["callers"][CALLER]["identities"].append(identity)
    smoke.write(document)
    try:
        smoke.account.tokenvend(*apply)
        yield
    finally:
        smoke.write_file()
        smoke.account.tokenvend(*apply)
