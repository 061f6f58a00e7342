"""Parse the token endpoint's answer (RFC 6749 §5), as odd as real ones are."""

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import NoReturn

from tokenvend.domain import bounds
from tokenvend.domain.errors import (
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.oauth.error_code import error_code
from tokenvend.domain.registry import CredentialDefinition
from tokenvend.domain.scopes import Scopes, parse_scope
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken, LifetimeSource, clock_skew_allowance

_ACCESS_TOKEN = re.compile(r"[\x21-\x7E]{1,32768}")
_WHOLE_SECONDS = re.compile(r"[0-9]{1,15}")
_RETRY_AFTER = re.compile(r"[0-9]{1,15}")
_JWT = re.compile(r"[\w-]+\.([\w-]+)\.[\w-]*")


@dataclass(frozen=True, slots=True)
class ProviderResponse:
    """What came back. The body may hold a token, so it is never shown.

    `retry_after` is the header's text, in either form of RFC 9110 §10.2.3. `sent` is what was
    confidential in the request, so that an answer which quotes it is known.
    """

    status: int
    content_type: str = ""
    body: bytes = field(default=b"", repr=False)
    retry_after: str | None = None
    sent: tuple[Secret, ...] = field(default=(), repr=False, compare=False)


def parse_token_response(
    response: ProviderResponse,
    definition: CredentialDefinition,
    *,
    asked: Scopes,
    requested_at: datetime,
    epoch: str = "",
) -> AccessToken:
    """Turn the token endpoint's answer into an access token (RFC 6749 §5.1).

    The lifetime counts from *requested_at*, the instant before the request was sent, less the
    skew allowance, so our `expires_at` is never later than the provider's. A missing `scope`
    counts as what was *asked* for. The content type is not judged: JSON sent as `text/html`
    by a provider is still its answer, and a page of HTML is not JSON.

    Raises:
        ProviderRefusedError: the answer is an error (§5.2), or one that must not be passed on.
        TemporarilyUnavailableError: it is a 429 or a 5xx.
    """
    if response.status == HTTPStatus.TOO_MANY_REQUESTS or response.status >= 500:
        raise _away(response, requested_at)
    fields = _json_object(response.body)
    if response.status != HTTPStatus.OK or "error" in fields:
        raise _refused(response, fields)
    _check_token_type(fields)
    access_token = _access_token(fields)
    lifetime, source = _lifetime(fields, access_token, definition, requested_at)
    return AccessToken(
        access_token=access_token,
        scopes=_scopes(fields, definition, asked),
        requested_at=requested_at,
        expires_at=requested_at + lifetime - clock_skew_allowance(lifetime),
        epoch=epoch,
        lifetime_source=source,
    )


def _away(response: ProviderResponse, now: datetime) -> TokenVendError:
    too_many = response.status == HTTPStatus.TOO_MANY_REQUESTS
    return TemporarilyUnavailableError(
        f"The provider answered {response.status}.",
        rule="provider.rate" if too_many else "provider.away",
        retry_after_seconds=parse_retry_after(response.retry_after, now=now),
    )


def parse_retry_after(text: str | None, *, now: datetime) -> int:
    """The seconds that a `Retry-After` asks for, in either form of RFC 9110 §10.2.3; else 1.

    At least 1, and at most `bounds.BACKOFF_MAXIMUM`, after which the provider is tried anyway.
    """
    if text is None:
        return 1
    if _RETRY_AFTER.fullmatch(text.strip()):
        return _within_back_off(int(text))
    # Only a provider that is failing sends a date, so only then is its parser loaded.
    from email.utils import parsedate_to_datetime

    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        # A year of thirty digits is no ValueError.
        return 1
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return _within_back_off(int((aware - now).total_seconds()))


def _within_back_off(seconds: int) -> int:
    return min(max(1, seconds), int(bounds.BACKOFF_MAXIMUM.total_seconds()))


def fields_of(response: ProviderResponse) -> dict[str, object]:
    """The fields of *response*; none where it is not a JSON object."""
    return _json_object(response.body)


def _json_object(body: bytes) -> dict[str, object]:
    try:
        parsed = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        parsed = None
    return parsed if isinstance(parsed, dict) else {}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refused(response: ProviderResponse, fields: dict[str, object]) -> ProviderRefusedError:
    code = error_code(fields.get("error"), sent=response.sent)
    if code is None:
        is_status = response.status != HTTPStatus.OK
        code = f"http_{response.status}" if is_status else "malformed_error"
    return ProviderRefusedError(
        f"The provider refused this credential: {code}.", provider_error=code
    )


def _unusable(reason: str, explanation: str) -> ProviderRefusedError:
    return ProviderRefusedError(
        f"The provider's answer was not used: {explanation}.", provider_error=reason
    )


def _check_token_type(fields: dict[str, object]) -> None:
    token_type = fields.get("token_type")
    if not fields:
        raise _unusable("malformed_answer", "it is not a JSON object")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise _unusable("unsupported_token_type", "its token_type is not Bearer")
    if "cnf" in fields:
        raise _unusable("bound_token", "the token is bound to a key (cnf)")


def _access_token(fields: dict[str, object]) -> Secret:
    value = fields.get("access_token")
    if not isinstance(value, str) or _ACCESS_TOKEN.fullmatch(value) is None:
        raise _unusable("malformed_access_token", "it has no well-formed access_token")
    if "cnf" in jwt_claims(value):
        raise _unusable("bound_token", "the token is bound to a key (cnf)")
    return Secret(value)


def _scopes(fields: dict[str, object], definition: CredentialDefinition, asked: Scopes) -> Scopes:
    value = fields.get("scope")
    if value is None:
        return asked
    if not isinstance(value, str):
        raise _unusable("malformed_scope", "its scope is not a text")
    try:
        return parse_scope(value, separator=definition.scope_separator)
    except ValueError:
        raise _unusable("malformed_scope", "its scope has a character not allowed") from None


def _lifetime(
    fields: dict[str, object],
    access_token: Secret,
    definition: CredentialDefinition,
    requested_at: datetime,
) -> tuple[timedelta, LifetimeSource]:
    stated = fields.get("expires_in")
    if stated is not None:
        return _stated_lifetime(stated), LifetimeSource.EXPIRES_IN
    expires = jwt_claims(access_token.reveal()).get("exp")
    if isinstance(expires, int | float) and not isinstance(expires, bool):
        now = requested_at.timestamp()
        # Compared before it is subtracted: `exp` may be infinite, or have 400 digits.
        if expires < now + 1:
            raise _unusable("expired_token", "the token's exp is past")
        latest = now + bounds.LIFETIME_MAXIMUM.total_seconds()
        return _capped(min(expires, latest) - now), LifetimeSource.JWT_EXP
    return _capped(definition.default_lifetime_seconds), LifetimeSource.DEFAULT


def _stated_lifetime(value: object) -> timedelta:
    """`expires_in` in whole seconds. Some servers send a text or a fraction; `True` is an `int`."""
    if isinstance(value, str) and _WHOLE_SECONDS.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unusable("malformed_expires_in", "its expires_in is not a number")
    if value < 1:
        raise _unusable("expired_token", "its expires_in is not positive")
    return _capped(value)


def _capped(seconds: float) -> timedelta:
    most = bounds.LIFETIME_MAXIMUM
    return most if seconds >= most.total_seconds() else timedelta(seconds=int(seconds))


def jwt_claims(token: str) -> dict[str, object]:
    """The claims of *token* if it is a JWT, unverified: it is ours to pass on, not to trust."""
    match = _JWT.fullmatch(token)
    if match is None:
        return {}
    payload = match[1]
    try:
        return _json_object(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (binascii.Error, ValueError):
        return {}
