"""Read and check a secret that is given to the command; it is never shown."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import typer
from cryptography.hazmat.primitives.hashes import SHA256

from tokenvend.adapters.client_certificate import check_certificate
from tokenvend.adapters.signing.jwk import public_jwk, thumbprint
from tokenvend.adapters.signing.pem import load_key
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.signed_jwt import parse_signed_jwt
from tokenvend.domain.oauth.templates import NEVER_SENT
from tokenvend.domain.oauth.token_request import ClientCertificate
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import SIGNS, TO_CALLERS, fields_in, hosts_in
from tokenvend.domain.secret_fields import optional_secret_fields, secret_fields
from tokenvend.domain.shared_key import SHARED_KEY, MacAlgorithm, SharedKey, check_shared_key
from tokenvend.domain.signing import PrivateKey
from tokenvend.domain.tenant_values import TenantValueError, bind
from tokenvend.ports import SigningKeyUnusableError
from tokenvend_cli.commands.context import is_terminal, note
from tokenvend_cli.deployment.secret_status import SecretStatus
from tokenvend_cli.problems import UsageError

_SHOWN = frozenset({"client_id", "key_id"})


def goes_to(status: SecretStatus) -> str:
    """Describe where the secret is sent, for a person."""
    wanted = status.wanted_host
    if wanted == TO_CALLERS:
        return "is given to granted callers; tokenvend sends it nowhere"
    if wanted.startswith(SIGNS):
        return _signs_for(wanted)
    if fields := sorted(fields_in(wanted)):
        return f"is sent to {hosts_in(wanted)} only, and granted callers get {' and '.join(fields)}"
    return f"is sent to {wanted} only"


def _signs_for(wanted: str) -> str:
    """Describe a key that signs tokens: nothing of it is sent, but the token shows some fields."""
    audience = hosts_in(wanted).removeprefix(SIGNS)
    shown = " and ".join(sorted(fields_in(wanted)))
    return (
        f"is sent nowhere; it signs tokens {f'for {audience}' if audience else 'without aud'}"
        f"{f', which show granted callers {shown}' if shown else ''}"
    )


def read_secret_value(definition: CredentialDefinition, seen: SecretStatus) -> dict[str, str]:
    """Read the fields of the secret, from a terminal or as JSON from standard input.

    Raises:
        UsageError: a field is missing, unknown or malformed.
    """
    wanted, optional = secret_fields(definition), optional_secret_fields(definition)
    shown = _SHOWN.union(definition.tenant_values)
    fields = _ask_for(wanted, seen, shown) if is_terminal() else _json_from_standard_input()
    if not isinstance(fields, dict) or set(fields) - {*wanted, *optional}:
        raise UsageError(
            f"standard input must be a JSON object with exactly {' and '.join(wanted)}"
        )
    return checked_value(definition, fields)


def for_value(definition: CredentialDefinition, value: Mapping[str, str]) -> CredentialDefinition:
    """Return *definition* with the tenant's own values, taken from *value*.

    Raises:
        UsageError: a value does not match its pattern. The text does not quote it.
    """
    if not definition.tenant_values or definition.kind is CredentialKind.AUTHORIZATION_CODE:
        return definition
    given = {name: value[name] for name in definition.tenant_values if name in value}
    try:
        return bind(definition, given)
    except TenantValueError as error:
        raise UsageError(str(error)) from None


def checked_value(definition: CredentialDefinition, fields: Mapping[str, object]) -> dict[str, str]:
    """Return the fields to store, in a fixed order.

    Raises:
        UsageError: a field is missing, unknown or malformed. The text shows none of them.
    """
    wanted, optional = secret_fields(definition), optional_secret_fields(definition)
    if set(fields) - {*wanted, *optional}:
        raise UsageError(f"the fields must be exactly {' and '.join(wanted)}")
    given = [*wanted, *(key for key in ("key_id",) if key in fields)]
    value = {key: _text(fields.get(key), key) for key in given}
    for_value(definition, value)
    _check_shared_key(definition, value)
    return value


def public_key_of(definition: CredentialDefinition, value: Mapping[str, str]) -> dict[str, Any]:
    """Return the public half of the private key in *value* as a JSON Web Key; empty without one.

    For a certificate, return what identifies it.

    Raises:
        UsageError: the key cannot sign for this credential.
    """
    if "certificate" in value and "private_key" in value:
        return _certificate_of(value)
    if "private_key" not in value:
        return {}
    key = PrivateKey(Secret(value["private_key"]), value.get("key_id"))
    algorithm = definition.assertion.algorithm if definition.assertion else None
    try:
        jwk = public_jwk(load_key(key, algorithm).public_key())
    except SigningKeyUnusableError as error:
        raise UsageError(str(error)) from None
    more = {"kid": key.key_id or thumbprint(jwk), "use": "sig"}
    return {"public_key": jwk | more | ({"alg": algorithm.value} if algorithm else {})}


def _check_shared_key(definition: CredentialDefinition, value: Mapping[str, str]) -> None:
    if not definition.signed_jwt or SHARED_KEY not in value:
        return
    described = parse_signed_jwt(definition.signed_jwt)
    if not isinstance(described.algorithm, MacAlgorithm):
        return
    text = Secret(value[SHARED_KEY])
    try:
        check_shared_key(SharedKey(text, described.algorithm, described.key_encoding))
    except CredentialNotReadyError as error:
        raise UsageError(error.description) from None


def _certificate_of(value: Mapping[str, str]) -> dict[str, Any]:
    pair = ClientCertificate(Secret(value["certificate"]), Secret(value["private_key"]))
    try:
        certificate = check_certificate(pair)
    except CredentialNotReadyError as error:
        raise UsageError(error.description) from None
    ends_at = certificate.not_valid_after_utc
    if ends_at <= datetime.now(UTC):
        raise UsageError("the certificate has expired")
    return {
        "certificate": {
            "sha256": certificate.fingerprint(SHA256()).hex(),
            "subject": certificate.subject.rfc4514_string(),
            "not_after": ends_at.isoformat(timespec="seconds"),
        }
    }


def _ask_for(wanted: tuple[str, ...], seen: SecretStatus, shown: frozenset[str]) -> object:
    if not NEVER_SENT.isdisjoint(wanted):
        raise UsageError(
            "a private key has several lines: give the secret as JSON on standard input"
        )
    note(f"it {goes_to(seen)}")
    # Standard output is for the answer alone.
    return {key: typer.prompt(key, hide_input=key not in shown, err=True) for key in wanted}


def _json_from_standard_input() -> object:
    try:
        return json.loads(sys.stdin.read())
    except (ValueError, RecursionError):
        return None


def _text(value: object, key: str) -> str:
    if not isinstance(value, str) or not value:
        raise UsageError(f"{key} is missing, or is not a string")
    if key in NEVER_SENT:
        return value.strip() + "\n"
    if value != value.strip():
        raise UsageError(f"{key} begins or ends with white space: copy it again without")
    return value
