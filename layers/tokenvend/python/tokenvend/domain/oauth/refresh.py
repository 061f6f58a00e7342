"""Build a refresh request (RFC 6749 §6), and decide what its answer means for the refresh token.

| the provider answered                         | the refresh token is          |
|-----------------------------------------------|-------------------------------|
| 200 with a token, usable or not               | REDEEMED: its successor counts |
| 400 `invalid_grant`                           | REFUSED: the user must consent |
| another 4xx                                   | NOT_REDEEMED: something else was wrong |
| 5xx, an unreadable answer, no answer          | UNKNOWN: only a retry shows it |
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from http import HTTPStatus

from tokenvend.domain.connection import Consent
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import (
    CONNECTION_BUSY,
    ConsentRequiredError,
    CredentialNotReadyError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.journal import Successor
from tokenvend.domain.oauth.answer_values import with_answer_values
from tokenvend.domain.oauth.refresh_token import refresh_expires_at, refresh_token_of
from tokenvend.domain.oauth.response_description import answer_description
from tokenvend.domain.oauth.token_request import (
    ProviderRequest,
    ProviderSecret,
    for_tenant,
    host_of,
    to_token_endpoint,
)
from tokenvend.domain.oauth.token_response import (
    ProviderResponse,
    answer_of,
    is_success,
    parse_token_response,
)
from tokenvend.domain.scopes import Scopes, format_scope
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken

#: RFC 6749 §5.2: invalid, expired, revoked, or issued to another client. `invalid_token` is
#: RFC 6750's word for the same, which some token endpoints use.
_REFUSALS = frozenset({"invalid_grant", "invalid_token"})


class RefreshVerdict(Enum):
    """What happened to the refresh token that was sent: see the table above."""

    REDEEMED = auto()
    REFUSED = auto()
    NOT_REDEEMED = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """The result of one refresh. `successor` is set if REDEEMED; `token` or `error` always is."""

    verdict: RefreshVerdict
    successor: Successor | None = None
    token: AccessToken | None = None
    error: TokenVendError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRefreshToken:
    """The refresh token that was sent, as part of its consent, and the scopes of the request.

    `requested_scopes` is `None` if the request named none: it is then for all of the consent's.
    """

    definition: CredentialDefinition
    consent: Consent
    requested_scopes: Scopes | None
    requested_at: datetime
    secret_generation: str = ""


def build_refresh_request(
    definition: CredentialDefinition,
    refresh_token: Secret,
    secret: ProviderSecret,
    *,
    requested_scopes: Scopes | None,
) -> ProviderRequest:
    """Build the request that redeems *refresh_token* (RFC 6749 §6).

    With *requested_scopes* `None` the request names none, and is for all that the user consented
    to.

    Raises:
        CredentialNotReadyError: the refresh endpoint has another host than the token endpoint, the
            secret does not fit the definition, or no answer could be read by it.
    """
    # Found out now, while the refresh token is not redeemed: a successor would be lost.
    answer_description(definition)
    form = dict(definition.extra_parameters)
    form["grant_type"] = "refresh_token"
    form["refresh_token"] = refresh_token.reveal()
    if requested_scopes:
        form["scope"] = format_scope(requested_scopes, separator=definition.scope_separator)
    return to_token_endpoint(_to_refresh_endpoint(definition, secret), form, secret)


def _to_refresh_endpoint(
    definition: CredentialDefinition, secret: ProviderSecret
) -> CredentialDefinition:
    """Return *definition* with its refresh endpoint, if it has one, as its token endpoint."""
    if definition.flow.refresh_endpoint is None:
        return definition
    definition = for_tenant(definition, secret)
    endpoint = definition.flow.refresh_endpoint or definition.token_endpoint
    if host_of(endpoint) != host_of(definition.token_endpoint):
        raise CredentialNotReadyError(
            "The definition's refresh_endpoint has another host than its token endpoint.",
            rule="secret.host",
        )
    return replace(definition, token_endpoint=endpoint)


def judge_refresh(response: ProviderResponse, sent: SentRefreshToken) -> Refreshed:
    """Decide what *response* means for the refresh token, and parse the access token in it.

    The new refresh token is used even if the access token cannot be: the former one may be invalid
    now, and without the new one the consent would be lost.
    """
    try:
        token = parse_token_response(
            response,
            sent.definition,
            requested_scopes=sent.consent.scopes
            if sent.requested_scopes is None
            else sent.requested_scopes,
            requested_at=sent.requested_at,
            secret_generation=sent.secret_generation,
        )
        token = with_answer_values(token, response, sent.definition)
    except TemporarilyUnavailableError as error:
        return Refreshed(verdict=_verdict_of_refusal(response), error=error)
    except ProviderRefusedError as error:
        return _judge_refused(response, sent, error)
    return _judge_granted(response, sent, token)


def _verdict_of_refusal(response: ProviderResponse) -> RefreshVerdict:
    too_many = response.status == HTTPStatus.TOO_MANY_REQUESTS
    return RefreshVerdict.NOT_REDEEMED if too_many else RefreshVerdict.UNKNOWN


def _judge_refused(
    response: ProviderResponse, sent: SentRefreshToken, error: ProviderRefusedError
) -> Refreshed:
    if not is_success(response):
        if error.provider_error in _REFUSALS:
            ended = ConsentRequiredError(rule="connection.lost")
            return Refreshed(verdict=RefreshVerdict.REFUSED, error=ended)
        # A 5xx was handled before. So from 400 on it is a 4xx: a refusal. Other statuses say
        # nothing about the refresh token.
        is_refusal = response.status >= HTTPStatus.BAD_REQUEST
        return Refreshed(
            verdict=RefreshVerdict.NOT_REDEEMED if is_refusal else RefreshVerdict.UNKNOWN,
            error=error,
        )
    answer = answer_of(response, sent.definition)
    if isinstance(answer.error, str) and answer.error in _REFUSALS:
        return Refreshed(
            verdict=RefreshVerdict.REFUSED, error=ConsentRequiredError(rule="connection.lost")
        )
    if answer.error is not None or answer.lacks_success:
        return Refreshed(verdict=RefreshVerdict.NOT_REDEEMED, error=error)
    if answer.token is None and refresh_token_of(response, sent.definition) is None:
        return Refreshed(verdict=RefreshVerdict.UNKNOWN, error=error)
    return Refreshed(
        verdict=RefreshVerdict.REDEEMED, successor=_successor(response, sent, None), error=error
    )


def _judge_granted(
    response: ProviderResponse, sent: SentRefreshToken, token: AccessToken
) -> Refreshed:
    successor = _successor(response, sent, token)
    names_none = sent.requested_scopes is None
    most = sent.consent.most_scopes if sent.requested_scopes is None else sent.requested_scopes
    # If no scope is known, `connection_decision` has required full access: nothing to compare.
    if most and not token.scopes <= most:
        error = ProviderRefusedError(
            "The provider gave a token with more scopes than requested, so it was not used.",
            provider_error="scope_widened",
        )
        return Refreshed(verdict=RefreshVerdict.REDEEMED, successor=successor, error=error)
    if names_none and most and not token.scopes <= sent.consent.scopes:
        # The request was decided when the connection had fewer scopes, so it must be decided again.
        again = TemporarilyUnavailableError(
            "The provider gave back scopes that it had withheld; ask again.",
            rule=CONNECTION_BUSY,
            retry_after_seconds=1,
        )
        return Refreshed(verdict=RefreshVerdict.REDEEMED, successor=successor, error=again)
    return Refreshed(verdict=RefreshVerdict.REDEEMED, successor=successor, token=token)


def _successor(
    response: ProviderResponse, sent: SentRefreshToken, token: AccessToken | None
) -> Successor:
    # If the request named scopes, those of its token say nothing about those of the consent.
    states_scopes = token is not None and sent.requested_scopes is None
    return Successor(
        refresh_token=refresh_token_of(response, sent.definition),
        scopes=_consented(token, sent) if states_scopes and token is not None else None,
        refreshed_at=sent.requested_at,
        refresh_expires_at=refresh_expires_at(
            response, sent.definition, requested_at=sent.requested_at
        ),
    )


def _consented(token: AccessToken, sent: SentRefreshToken) -> Scopes:
    """Return the scopes of *token* that the user agreed to.

    A provider may withhold some of them and give them back later. More than the user agreed to
    never counts.
    """
    most = sent.consent.most_scopes
    return token.scopes & most if most else token.scopes
