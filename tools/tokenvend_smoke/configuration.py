"""The `tokenvend.yaml` of a smoke run: every kind of credential, a caller, and one to delete."""

from collections.abc import Mapping
from typing import Any

import yaml

from tokenvend_smoke.callers import CALLER, RETURN_URL
from tokenvend_smoke.stacks import StandIn

MACHINE, KEYED, ADOPTED, SIGNED, USER = "machine", "keyed", "adopted", "signed", "user"
#: A caller whose role one row deletes.
DOOMED = "doomed"
#: A credential whose client authenticates by AWS's own token, so it has no secret.
BY_AWS = "by-aws"
#: Each row that needs an exchange requests a scope that was not requested before.
SCOPES = tuple(f"s{number}" for number in range(1, 49))
_SOURCE = {"scope_mode": "narrows", "scope_mode_source": "tools/tokenvend_smoke/stand_in.py"}


def configuration(
    stand_in: StandIn,
    redirect_uri: str,
    doomed: tuple[str, str] | None = None,
    other_role: str | None = None,
) -> dict[str, Any]:
    """The file as a mapping.

    *doomed* adds a caller: its role, and the scope that it may have. *other_role* is one more
    identity of the run's caller.
    """
    callers: dict[str, Any] = {
        CALLER: {
            "identities": [{"iam": stand_in.outputs["CallerRoleArn"]}, {"client": "smoke-web"}],
            "direct": {"principals": [stand_in.outputs["CallerRoleArn"]]},
        }
    }
    grants = [
        {"caller": CALLER, "credential": MACHINE, "scopes": list(SCOPES)},
        {"caller": CALLER, "credential": KEYED, "scopes": ["read"]},
        {"caller": CALLER, "credential": ADOPTED, "scopes": ["read"]},
        {"caller": CALLER, "credential": BY_AWS, "scopes": ["read"]},
        {"caller": CALLER, "credential": SIGNED, "scopes": list(SCOPES)},
        {
            "caller": CALLER,
            "credential": USER,
            "scopes": ["read"],
            "return_urls": [RETURN_URL],
        },
    ]
    if other_role is not None:
        callers[CALLER]["identities"].append({"iam": other_role})
    if doomed is not None:
        role, scope = doomed
        callers[DOOMED] = {"direct": {"principals": [role]}}
        grants.append({"caller": DOOMED, "credential": MACHINE, "scopes": [scope]})
    return {
        "version": 1,
        "providers": _providers(stand_in),
        "credentials": _credentials(stand_in, redirect_uri),
        "callers": callers,
        "grants": grants,
    }


def as_yaml(document: Mapping[str, Any]) -> str:
    """The file's text."""
    return yaml.safe_dump(dict(document), sort_keys=False)


def _providers(stand_in: StandIn) -> dict[str, Any]:
    token_endpoint = f"{stand_in.url}/token"
    return {
        "stand-in": {"token_endpoint": token_endpoint, **_SOURCE},
        "stand-in-signed": {
            "token_endpoint": token_endpoint,
            "client_authentication": "private_key_jwt",
            **_SOURCE,
        },
        "stand-in-by-aws": {
            "token_endpoint": token_endpoint,
            "client_authentication": "private_key_jwt",
            "assertion_audience": token_endpoint,
            **_SOURCE,
        },
        "stand-in-users": {
            "token_endpoint": token_endpoint,
            "authorization_endpoint": f"{stand_in.url}/authorize",
            "title": "The stand-in",
            "scope_words": {"read": "Read everything"},
            "account_endpoint": f"{stand_in.url}/me",
            "account_field": "id",
            "refresh_token_days": 1,
        },
    }


def _credentials(stand_in: StandIn, redirect_uri: str) -> dict[str, Any]:
    return {
        MACHINE: {"provider": "stand-in", "scopes": list(SCOPES)},
        KEYED: {"provider": "stand-in", "scopes": ["read"]},
        ADOPTED: {
            "provider": "stand-in",
            "scopes": ["read"],
            "secret": {"arn": stand_in.outputs["AdoptedSecretArn"]},
        },
        SIGNED: {
            "provider": "stand-in-signed",
            "scopes": list(SCOPES),
            "signing": {"algorithm": "ES256", "kms_keys": [stand_in.outputs["SigningKeyArn"]]},
        },
        BY_AWS: {
            "provider": "stand-in-by-aws",
            "scopes": ["read"],
            "signing": {"aws_identity": True},
        },
        USER: {
            "provider": "stand-in-users",
            "kind": "authorization_code",
            "redirect_uri": redirect_uri,
            "scopes": ["read"],
        },
    }
