"""Signed JWTs of a definition with a described token, for tests to look at."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

from tests.fakes.clock import START

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import (
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
)
from tokenvend.domain.oauth.signed_jwt import UnsignedJwt, build_signed_jwt
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret import Secret

SPEC = TokenSpec(credential="jobs", definition="d", scopes=NO_SCOPES)
KMS = "arn:aws:kms:eu-west-1:111122223333:key/one"


def definition_of(described: Mapping[str, Any], **changes: Any) -> CredentialDefinition:
    return CredentialDefinition(
        name="jobs",
        provider="acme",
        token_endpoint="",
        kind=CredentialKind.SIGNED_JWT,
        client_authentication=ClientAuthentication.NONE,
        signed_jwt={"algorithm": "HS256", **described},
        **changes,
    )


def secret_of(**fields: str) -> ProviderSecret:
    known = {"shared_key": "k" * 32} | fields
    return ProviderSecret(
        "", Secret(""), "@signs:", fields={name: Secret(each) for name, each in known.items()}
    )


def parts_of(described: Mapping[str, Any], **fields: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return decoded(build_signed_jwt(definition_of(described), SPEC, secret_of(**fields), now=START))


def decoded(unsigned: UnsignedJwt) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the claims of *unsigned*."""
    header, claims = (
        json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        for part in unsigned.signing_input.decode().split(".")
    )
    return header, claims
