"""Parse the token endpoint's answer (RFC 6749 §5), with the deviations of real providers."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import (
    PROVIDER_AWAY,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.oauth.error_code import error_code
from tokenvend.domain.scopes import Scopes, parse_scope
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken, LifetimeSource, clock_skew_allowance

if TYPE_CHECKING:
    from tokenvend.domain.oauth.response_description import ReadAnswer

_ACCESS_TOKEN = re.compile(r"[\x21-\x7E]{1,32768}")
#: RFC 9449 §5, and drafts that never became one.
_PROVEN_TYPES = frozenset({"dpop", "mac", "pop"})
_RETRY_AFTER = re.compile(r"[0-9]{1,15}")
_JWT = re.compile(r"[\w-]+\.([\w-]+)\.[\w-]*")


@dataclass(frozen=True, slots=True)
class ProviderResponse:
    """A provider's answer. The body may hold a token, so it is never logged.

    `retry_after` is the header's text, in either form of RFC 9110 §10.2.3. `set_cookie` are the
    headers of that name. `sent` are the confidential values of the request, so that an answer that
    quotes one is recognised.
    """

    status: int
    content_type: str = ""
    body: bytes = field(default=b"", repr=False)
    retry_after: str | None = None
    set_cookie: tuple[Secret, ...] = field(default=(), repr=False)
    sent: tuple[Secret, ...] = field(default=(), repr=False, compare=False)


def parse_token_response(
    response: ProviderResponse,
    definition: CredentialDefinition,
    *,
    requested_scopes: Scopes,
    requested_at: datetime,
    secret_generation: str = "",
) -> AccessToken:
    """Turn the token endpoint's answer into an access token (RFC 6749 §5.1).

    The lifetime counts from *requested_at*, the instant before the request was sent, less the
    skew allowance, so our `expires_at` is never later than the provider's. A missing `scope`
    counts as *requested_scopes*. JSON is accepted under any content type, because some providers
    send it as `text/html`. `definition.token_answer` takes precedence over the RFC.

    Raises:
        ProviderRefusedError: the answer is an error (§5.2), or cannot be used.
        TemporarilyUnavailableError: it is a 429 or a 5xx.
    """
    if response.status == HTTPStatus.TOO_MANY_REQUESTS or response.status >= 500:
        raise _away(response, requested_at)
    answer = answer_of(response, definition)
    if not is_success(response) or answer.error is not None or answer.lacks_success:
        raise _refused(response, answer)
    access_token = _access_token(answer)
    _check_token_type(answer, is_described=bool(definition.api_request))
    lifetime, source = _lifetime(answer, access_token, definition, requested_at)
    return AccessToken(
        access_token=access_token,
        scopes=_scopes(answer, definition, requested_scopes),
        requested_at=requested_at,
        expires_at=requested_at + lifetime - clock_skew_allowance(lifetime),
        secret_generation=secret_generation,
        lifetime_source=source,
    )


def answer_of(response: ProviderResponse, definition: CredentialDefinition) -> "ReadAnswer":
    """Parse the body of *response* by the description in *definition*."""
    # Imported here because a request that is answered from a cache has no answer to parse.
    from tokenvend.domain.oauth.response_description import read_answer

    return read_answer(response.body, response.content_type, definition)


def is_success(response: ProviderResponse) -> bool:
    """Whether the status is 200 or 201; some providers answer 201 for a new token."""
    return response.status in {HTTPStatus.OK, HTTPStatus.CREATED}


def _away(response: ProviderResponse, now: datetime) -> TokenVendError:
    too_many = response.status == HTTPStatus.TOO_MANY_REQUESTS
    return TemporarilyUnavailableError(
        f"The provider answered {response.status}.",
        rule="provider.rate" if too_many else PROVIDER_AWAY,
        retry_after_seconds=parse_retry_after(response.retry_after, now=now),
    )


def parse_retry_after(text: str | None, *, now: datetime) -> int:
    """Parse a `Retry-After` into seconds, in either form of RFC 9110 §10.2.3; 1 if it is neither.

    The result is at least 1, and at most `bounds.BACKOFF_MAXIMUM`.
    """
    if text is None:
        return 1
    if _RETRY_AFTER.fullmatch(text.strip()):
        return _within_back_off(int(text))
    # Imported here because only the answers of failing providers have a date.
    from email.utils import parsedate_to_datetime

    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        # A year of thirty digits raises OverflowError, not ValueError.
        return 1
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return _within_back_off(int((aware - now).total_seconds()))


def _within_back_off(seconds: int) -> int:
    return min(max(1, seconds), int(bounds.BACKOFF_MAXIMUM.total_seconds()))


def _refused(response: ProviderResponse, answer: "ReadAnswer") -> ProviderRefusedError:
    code = error_code(answer.error, sent=response.sent)
    if code is None and not is_success(response):
        code = f"http_{response.status}"
    if code is None:
        code = "malformed_error" if answer.error is not None else "unsuccessful_answer"
    return ProviderRefusedError(
        f"The provider refused this credential: {code}.", provider_error=code
    )


def _unusable(reason: str, explanation: str) -> ProviderRefusedError:
    return ProviderRefusedError(
        f"The provider's answer was not used: {explanation}.", provider_error=reason
    )


def _access_token(answer: "ReadAnswer") -> Secret:
    if not answer.is_readable:
        raise _unusable("malformed_answer", "it is not a JSON object")
    value = answer.token
    if value is None:
        raise _unusable("malformed_access_token", "it has no access_token")
    if not isinstance(value, str) or _ACCESS_TOKEN.fullmatch(value) is None:
        raise _unusable("malformed_access_token", "it has no well-formed access_token")
    if "cnf" in answer.beside_token or "cnf" in jwt_claims(value):
        raise _unusable("bound_token", "the token is bound to a key (cnf)")
    return Secret(value)


def _check_token_type(answer: "ReadAnswer", *, is_described: bool) -> None:
    """Check the token's type. A missing one counts as Bearer, as in every client library.

    Any type is taken if the definition *is_described*: if it says how a token is sent. But a token
    that needs a proof in each request is refused then, too.
    """
    token_type = answer.at(answer.described.token_type)
    if token_type is None:
        return
    if isinstance(token_type, str):
        name = token_type.lower()
        if name in answer.described.token_types | {"bearer"}:
            return
        if is_described and name not in _PROVEN_TYPES:
            return
    raise _unusable("unsupported_token_type", "its token_type is not Bearer")


def _scopes(
    answer: "ReadAnswer", definition: CredentialDefinition, requested_scopes: Scopes
) -> Scopes:
    value = answer.at(answer.described.scope)
    if value is None:
        return requested_scopes
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in texts):
        raise _unusable("malformed_scope", "its scope is neither a text nor a list of texts")
    separator = definition.scope_separator
    try:
        return parse_scope(separator.join(map(str, texts)), separator=separator)
    except ValueError:
        raise _unusable("malformed_scope", "its scope has a character not allowed") from None


def _lifetime(
    answer: "ReadAnswer",
    access_token: Secret,
    definition: CredentialDefinition,
    requested_at: datetime,
) -> tuple[timedelta, LifetimeSource]:
    from tokenvend.domain.oauth.token_lifetime import NotALifetimeError, capped, stated_seconds

    described, now = answer.described, requested_at.timestamp()
    stated = answer.at(described.lifetime)
    if stated is not None:
        try:
            seconds = stated_seconds(stated, described.lifetime_unit, requested_at=requested_at)
        except NotALifetimeError:
            name = ".".join(described.lifetime)
            raise _unusable("malformed_expires_in", f"its {name} is no lifetime") from None
        if seconds < 1:
            raise _unusable("expired_token", "the lifetime that it states is over")
        return capped(seconds), LifetimeSource.EXPIRES_IN
    expires = jwt_claims(access_token.reveal()).get("exp")
    if isinstance(expires, int | float) and not isinstance(expires, bool):
        # Compared before subtracting, because `exp` may be infinite or have 400 digits.
        if expires < now + 1:
            raise _unusable("expired_token", "the token's exp is past")
        latest = now + bounds.LIFETIME_MAXIMUM.total_seconds()
        return capped(min(expires, latest) - now), LifetimeSource.JWT_EXP
    return capped(definition.default_lifetime_seconds), LifetimeSource.DEFAULT


def jwt_claims(token: str) -> dict[str, object]:
    """Return the claims of *token* if it is a JWT, else none. The signature is not verified."""
    match = _JWT.fullmatch(token)
    if match is None:
        return {}
    from tokenvend.domain.oauth.response_body import parse_json

    payload = match[1]
    try:
        claims = parse_json(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
