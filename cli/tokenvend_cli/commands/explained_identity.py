"""Read whom `explain` is about: a caller, an identity, or a subject token's claims."""

import json
from typing import Any

from tokenvend.adapters.dynamodb.issuer_items import parse_issuer
from tokenvend.adapters.dynamodb.registry_items import RegistryItem
from tokenvend.domain.errors import SubjectTokenError
from tokenvend.domain.identity import (
    NotAnIdentityError,
    identity_of_principal,
    identity_of_session,
    identity_of_workload,
)
from tokenvend.domain.users import User
from tokenvend_cli.deployment.kinds import ItemKind, identities_of_caller, kind_of, names_of
from tokenvend_cli.problems import CommandError, UsageError


def requested_identities(
    items: list[RegistryItem], *, caller: str | None, identity: str | None, claims: str | None
) -> list[str]:
    """Return the identities of *caller*, or the one that *identity* or *claims* describe.

    Raises:
        UsageError: not exactly one of the three is given, or it is malformed.
        CommandError: there is no such caller.
        SubjectTokenError: no caller has these claims.
    """
    if sum(each is not None for each in (caller, identity, claims)) != 1:
        raise UsageError("give exactly one of --caller, --identity and --claims")
    if identity is not None:
        return [_canonical(identity)]
    if claims is not None:
        return [_identity_of_claims(items, _claims_in(claims, "--claims"))]
    found = identities_of_caller(items, caller or "")
    if not found:
        known = ", ".join(names_of(items, ItemKind.CALLER)) or "none"
        raise CommandError(f"there is no caller {caller}; the callers are: {known}")
    return found


def _canonical(identity: str) -> str:
    if not identity.startswith("arn:"):
        return identity
    try:
        is_session = ":assumed-role/" in identity
        return identity_of_session(identity) if is_session else identity_of_principal(identity)
    except NotAnIdentityError as error:
        raise UsageError(str(error)) from None


def requested_user(text: str) -> User:
    """Return the signed-in user whose token has the claims *text*; only deciding claims are read.

    Raises:
        UsageError: *text* is no JSON object with `iss`, `sub` and `aud`.
    """
    claims = _claims_in(text, "--user")
    subject, audience = claims.get("sub"), claims.get("aud")
    if not isinstance(subject, str) or not isinstance(audience, str):
        raise UsageError("--user needs sub and aud too, each as a string")
    return User(claims["iss"], subject, audience)


def _claims_in(text: str, option: str) -> dict[str, Any]:
    try:
        claims = json.loads(text)
    except ValueError:
        claims = None
    if not isinstance(claims, dict) or not isinstance(claims.get("iss"), str):
        raise UsageError(f"{option} must be a JSON object with iss: the claims of a decoded token")
    return claims


def _identity_of_claims(items: list[RegistryItem], claims: dict[str, Any]) -> str:
    for item in items:
        if kind_of(item) is ItemKind.ISSUER and item.document.get("issuer") == claims["iss"]:
            issuer = parse_issuer(item.document)
            return identity_of_workload(issuer.name, issuer.caller_of(claims))
    raise SubjectTokenError(
        f"No issuer in the file has exactly this iss: {claims['iss']}.",
        rule="subject_token.issuer_known",
    )
