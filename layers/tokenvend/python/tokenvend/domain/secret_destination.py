"""Where a credential's secret may be sent: what is recorded with it when it is written.

    login.acme.example                      the token endpoint's host, with its port if it has one
    @any.acme.example login.other.example   patterns of it, if each customer has its own host
    login.acme.example @callers:api_key     ... and the field `api_key` goes to granted callers;
                                            so does `@callers:answer.id`, a value of the answer
    @callers                                an API key, whole, to granted callers
    @signs:appstoreconnect-v1               a key that signs tokens for this `aud`, and goes nowhere
    @signs:appstoreconnect-v1@kms=5c4f...   ... and is the one in KMS whose ARN has this SHA-256

So whoever can change a definition, but not the secret, cannot redirect the secret.
"""

import hashlib
import json
import re
from collections.abc import Mapping

from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.oauth.token_request import ProviderSecret, for_tenant, host_of

#: In place of a host for an API key, which goes to callers. `host_of` never returns a text with @,
#: so no host can be mistaken for it.
TO_CALLERS = "@callers"
_FIELD_TO_CALLERS = f"{TO_CALLERS}:"
#: In place of a host for a key that signs tokens, with the `aud` of the tokens after it.
SIGNS = "@signs:"
#: What the value of a tag in Secrets Manager may hold, without a space.
_TAG_TEXT = re.compile(r"[A-Za-z0-9_.:/=+@-]{1,128}")

#: The same as `domain.tenant_values.ANY_LABEL`, which is imported only when it is needed.
_ANY_LABEL = "@any"


def destination_of(definition: CredentialDefinition) -> str:
    """Return what is recorded with the secret of *definition*: where it is sent."""
    if definition.kind is CredentialKind.API_KEY:
        return TO_CALLERS
    fields = (f"{_FIELD_TO_CALLERS}{name}" for name in sorted(_keys_to_callers(definition)))
    return " ".join((_hosts_of(definition), *fields))


def hosts_in(recorded: str) -> str:
    """Return *recorded* without the fields that go to callers."""
    return " ".join(each for each in recorded.split() if not each.startswith(_FIELD_TO_CALLERS))


def fields_in(recorded: str) -> frozenset[str]:
    """Return the fields in *recorded* that may go to callers."""
    return frozenset(
        each.removeprefix(_FIELD_TO_CALLERS)
        for each in recorded.split()
        if each.startswith(_FIELD_TO_CALLERS)
    )


def is_allowed(secret: ProviderSecret, host: str) -> bool:
    """Whether *secret* may be sent to *host*: its `allowed_host` is or matches it."""
    recorded = hosts_in(secret.allowed_host).lower()
    if recorded == host:
        return True
    if _ANY_LABEL not in recorded and " " not in recorded:
        return False
    from tokenvend.domain.tenant_values import is_recorded

    return is_recorded(recorded, host)


def may_be_used(secret: ProviderSecret, definition: CredentialDefinition) -> bool:
    """Whether *secret* may be sent to everywhere that *definition* sends it.

    Raises:
        CredentialNotReadyError: the tenant's values in it do not fit the definition.
    """
    if definition.kind is CredentialKind.SIGNED_JWT:
        if hosts_in(secret.allowed_host) != _hosts_of(definition):
            return False
    elif not is_allowed(secret, _hosts_of(for_tenant(definition, secret))):
        return False
    if definition.kind is CredentialKind.API_KEY:
        return True
    if not _is_readable(definition):
        return False
    shown = _keys_to_callers(definition)
    return shown <= fields_in(secret.allowed_host) and shown.isdisjoint(_never_shown(definition))


def _is_readable(definition: CredentialDefinition) -> bool:
    """Whether it can be read from `api_request`, before a tenant's values, what callers get."""
    if not definition.api_request:
        return True
    from tokenvend.domain.api_request_description import is_described

    return is_described(definition)


def _keys_to_callers(definition: CredentialDefinition) -> frozenset[str]:
    """Return what callers get, by its names in the secret: an adopted one has its own."""
    fields = _fields_to_callers(definition)
    if definition.secret is None:
        return fields
    return frozenset(map(_recordable, map(definition.secret.key_of, fields)))


def _recordable(name: str) -> str:
    """Return *name*, or its SHA-256 if a tag cannot hold it or it would read as another entry."""
    if _TAG_TEXT.fullmatch(name) and "@" not in name:
        return name
    return f"sha256={_sha256(name)}"


def _never_shown(definition: CredentialDefinition) -> frozenset[str]:
    """Return the names in the secret of what no caller may get, under whichever name it is read."""
    from tokenvend.domain.api_request_description import NEVER_TO_CALLERS

    if definition.secret is None:
        return NEVER_TO_CALLERS
    keys = map(_recordable, map(definition.secret.key_of, NEVER_TO_CALLERS))
    return NEVER_TO_CALLERS | frozenset(keys)


def _hosts_of(definition: CredentialDefinition) -> str:
    """Return the token endpoint's host, the patterns of customers' own hosts, or `TO_CALLERS`."""
    if definition.kind is CredentialKind.API_KEY:
        return TO_CALLERS
    if definition.kind is CredentialKind.SIGNED_JWT:
        return SIGNS + _audience_of(definition) + _kms_key_of(definition)
    host = host_of(definition.token_endpoint)
    if "{" not in host:
        return host
    from tokenvend.domain.tenant_values import recorded_hosts

    return recorded_hosts(definition)


def _kms_key_of(definition: CredentialDefinition) -> str:
    """Return which key in KMS signs, by its SHA-256; empty if the key is in the secret."""
    keys = definition.assertion.kms_keys if definition.assertion else ()
    return f"@kms={_sha256(keys[0])}" if keys else ""


def _audience_of(definition: CredentialDefinition) -> str:
    """Return the `aud` of the tokens, or its SHA-256 if a tag cannot hold it; empty for none."""
    claims = definition.signed_jwt.get("claims", {})
    audience = claims.get("aud") if isinstance(claims, Mapping) else None
    if audience is None or (isinstance(audience, str) and _TAG_TEXT.fullmatch(audience)):
        return audience or ""
    return f"sha256={_sha256(json.dumps(audience, sort_keys=True))}"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _fields_to_callers(definition: CredentialDefinition) -> frozenset[str]:
    """Return the fields of the secret that callers get: with a request to the API, or in the token.

    Values of a user's connection are not in the secret, so they are none of its fields.
    """
    if definition.kind is CredentialKind.SIGNED_JWT:
        from tokenvend.domain.oauth.signed_jwt import placeholders_in_jwt

        return frozenset(placeholders_in_jwt(definition.signed_jwt)) | _fields_beside(definition)
    return _fields_beside(definition)


def _fields_beside(definition: CredentialDefinition) -> frozenset[str]:
    """Return the values that requests to the API carry beside the token, by their names."""
    if not definition.api_request:
        return frozenset()
    from tokenvend.domain.api_request_description import (
        answer_values_of,
        api_request_fields,
        tenant_values_of,
    )

    # A value of the token answer is recorded too: the provider gave it to whoever has the secret.
    fields = frozenset((*api_request_fields(definition), *answer_values_of(definition)))
    if definition.kind is CredentialKind.AUTHORIZATION_CODE:
        return fields
    return fields | tenant_values_of(definition)
