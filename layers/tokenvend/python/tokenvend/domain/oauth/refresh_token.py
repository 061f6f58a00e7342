"""The refresh token in an answer, and how long it lives; one rule for consents and refreshes."""

from datetime import datetime, timedelta

from tokenvend.domain.oauth.response_description import LifetimeUnit, ReadAnswer
from tokenvend.domain.oauth.token_lifetime import NotALifetimeError, stated_seconds
from tokenvend.domain.oauth.token_response import ProviderResponse, answer_of
from tokenvend.domain.registry import CredentialDefinition
from tokenvend.domain.secret import Secret

#: What servers call the refresh token's own lifetime, in seconds; RFC 6749 has no word for it.
_LIFETIME_FIELDS = (
    *("refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in"),
)
#: Longer than any life that means something.
_MOST_SECONDS = 10**10


def refresh_token_of(response: ProviderResponse, definition: CredentialDefinition) -> Secret | None:
    """The refresh token in *response*, if there is one.

    It is kept as it came, of any length that an answer can have and with any characters: it is
    all that is left of a consent, so a rule that dropped it would lose the consent.
    """
    answer = answer_of(response, definition)
    path = answer.described.refresh_token
    text = answer.beside_token.get("refresh_token") if path is None else answer.at(path)
    return Secret(text) if isinstance(text, str) and _can_be_sent(text) else None


def refresh_expires_at(
    response: ProviderResponse, definition: CredentialDefinition, *, requested_at: datetime
) -> datetime | None:
    """When the refresh token in *response* expires unused: by the answer, else by the setting."""
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
    """The life that *value* states; `None` for 0, by which some servers mean no end at all."""
    try:
        seconds = stated_seconds(value, unit, requested_at=requested_at)
    except NotALifetimeError:
        return None
    return seconds if 1 <= seconds < _MOST_SECONDS else None


def _can_be_sent(text: str) -> bool:
    """Whether *text* is more than nothing, and UTF-8 can hold it: half a surrogate pair cannot."""
    return bool(text) and text.encode(errors="ignore").decode() == text
