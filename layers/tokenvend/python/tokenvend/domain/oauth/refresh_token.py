"""The refresh token in an answer and its lifetime, for code exchanges and refreshes alike."""

from datetime import datetime, timedelta

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.oauth.response_description import LifetimeUnit, ReadAnswer
from tokenvend.domain.oauth.token_lifetime import NotALifetimeError, stated_seconds
from tokenvend.domain.oauth.token_response import ProviderResponse, answer_of
from tokenvend.domain.secret import Secret

#: Fields in which servers state the refresh token's lifetime, in seconds; RFC 6749 has none.
_LIFETIME_FIELDS = (
    *("refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in"),
)
#: Longer than any meaningful lifetime: about 317 years.
_MOST_SECONDS = 10**10


def refresh_token_of(response: ProviderResponse, definition: CredentialDefinition) -> Secret | None:
    """Return the refresh token in *response*, if there is one.

    Any length and any characters are accepted, if UTF-8 can encode them. A stricter rule could
    refuse the only valid refresh token, and so lose the user's consent.
    """
    answer = answer_of(response, definition)
    path = answer.described.refresh_token
    text = answer.beside_token.get("refresh_token") if path is None else answer.at(path)
    return Secret(text) if isinstance(text, str) and _can_be_sent(text) else None


def refresh_expires_at(
    response: ProviderResponse, definition: CredentialDefinition, *, requested_at: datetime
) -> datetime | None:
    """Return when the refresh token in *response* expires unused; `None`: not known.

    The answer states it, or else `refresh_token_days` of the definition.
    """
    stated = _stated_seconds(answer_of(response, definition), requested_at)
    if stated is not None:
        return requested_at + timedelta(seconds=int(stated))
    days = definition.authorization.refresh_token_days if definition.authorization else None
    return None if days is None else requested_at + timedelta(days=days)


def _stated_seconds(answer: ReadAnswer, requested_at: datetime) -> float | None:
    described = answer.described
    if described.refresh_token_lifetime is not None:
        stated = answer.at(described.refresh_token_lifetime)
        return _seconds(stated, described.refresh_token_lifetime_unit, requested_at)
    for name in _LIFETIME_FIELDS:
        seconds = _seconds(answer.beside_token.get(name), LifetimeUnit.SECONDS, requested_at)
        if seconds is not None:
            return seconds
    return None


def _seconds(value: object, unit: LifetimeUnit, requested_at: datetime) -> float | None:
    """Return the lifetime that *value* states; `None` for 0, which some servers send for no end."""
    try:
        seconds = stated_seconds(value, unit, requested_at=requested_at)
    except NotALifetimeError:
        return None
    return seconds if 1 <= seconds < _MOST_SECONDS else None


def _can_be_sent(text: str) -> bool:
    """Whether *text* is not empty, and can be encoded as UTF-8: it has no lone surrogate."""
    return bool(text) and text.encode(errors="ignore").decode() == text
