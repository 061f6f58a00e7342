"""The result of each step of the browser flow, or the reason for which it ends."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tokenvend.consent.permission import ConsentGrant
from tokenvend.domain.consent import ConsentSession
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret


class FlowEndReason(StrEnum):
    """Why the browser flow ends."""

    LINK_OVER = "link_over"
    STATE_OVER = "state_over"
    ANOTHER_BROWSER = "another_browser"
    ANOTHER_CREDENTIAL = "another_credential"


class ConsentFlowEndedError(Exception):
    """The ticket is not valid: used, expired, made up, or another browser's."""

    def __init__(self, reason: FlowEndReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ConsentPrompt:
    """What the page shows: who asks, at which provider, and for which scopes."""

    session: ConsentSession
    consent_grant: ConsentGrant

    @property
    def application(self) -> str:
        """The application, as its user knows it."""
        return self.consent_grant.caller.title or self.consent_grant.caller.name

    @property
    def provider(self) -> str:
        """The provider, as its user knows it."""
        return (
            self.consent_grant.authorization.provider_title
            or self.consent_grant.definition.provider
        )

    @property
    def scopes(self) -> list[tuple[str, str | None]]:
        """Each scope with its description, or `None`; sorted by the descriptions."""
        words = self.consent_grant.authorization.scope_words
        named = [(scope, words.get(scope)) for scope in self.session.scopes]
        return sorted(named, key=lambda pair: (pair[1] is None, pair[1] or pair[0]))


@dataclass(frozen=True, slots=True)
class ProviderRedirect:
    """The redirect to the provider, and the cookie by which the browser is known again."""

    prompt: ConsentPrompt
    session: ConsentSession
    url: str
    state: Secret
    browser: Secret
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class ApplicationRedirect:
    """The redirect to the application. `denied`: the user said no, and nothing was stored.

    `token_scopes` are what the user agreed to, which may be less than was requested.
    """

    prompt: ConsentPrompt
    url: str
    denied: bool = False
    token_scopes: Scopes = frozenset()
