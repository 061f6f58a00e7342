"""How a refresh token is spent so that none is ever lost: write first, spend, store, answer.

A refresh token may be good for one use. Spent twice, it can cost the user's consent; its
successor unheard, the connection is dead. So whoever spends number n says so first:

           begin                          finish: number is n + 1, whoever holds the journal
    FREE ────────► BEING_SPENT ──────────────────────────────────────────────────► FREE
     ▲                │    │  │ `give_up_consent`: the provider says that the token is no good
     │ at `retry_at`  │    │  └───────────────────────────────────────► CONSENT_LOST
     └──────────────◄─┘    │                                                 ▲
        `release_redemption`:       │ `deadline_at` + skew, without a word                │
        the provider       ▼                                                 │
        was away         DEAD ──begin: the one retry──► BEING_SPENT ──► DEAD_TWICE

The provider accepted and we never heard: only a retry can tell, and at a provider with a grace
period it recovers. A holder that is alive is never raced. A holder that says "the provider was
away" has not died: an outage of a day may cost many tries, but it costs no consent
(docs/adr/0011). `finish` asks only whether the number is still n, so a slow holder's success
is kept even when another took over, and even when the consent was given up.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import assert_never

from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, ConnectionStatus, Consent, Redemption
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret


class JournalState(Enum):
    """Who may spend the refresh token."""

    FREE = auto()
    BEING_REDEEMED = auto()
    HOLDER_GONE = auto()
    HOLDER_GONE_TWICE = auto()


class CannotRedeem(Enum):
    """Why a refresh token must not be spent now."""

    NO_CONSENT = auto()
    CONSENT_LOST = auto()
    BEING_REDEEMED = auto()
    HOLDER_GONE_TWICE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """What the provider answered to number n. `None`: it said nothing of it, so it stands."""

    refresh_token: Secret | None
    scopes: Scopes | None
    refreshed_at: datetime
    refresh_expires_at: datetime | None


def free_at(redemption: Redemption) -> datetime:
    """When somebody else may spend the token: at `retry_at`, or once its holder is surely dead."""
    return redemption.retry_at or redemption.deadline_at + bounds.CLOCK_SKEW


def journal_state(redemption: Redemption | None, now: datetime) -> JournalState:
    """Where the journal stands at *now*."""
    if redemption is None:
        return JournalState.FREE
    if now < free_at(redemption):
        return JournalState.BEING_REDEEMED
    if redemption.retry_at is not None:
        return JournalState.FREE
    return JournalState.HOLDER_GONE_TWICE if redemption.is_retry else JournalState.HOLDER_GONE


def begin(
    connection: Connection, *, holder_id: str, now: datetime, deadline_at: datetime
) -> Redemption | CannotRedeem:
    """What to write before the token is sent, or why it must not be.

    *deadline_at* is the end of the holder's invocation.
    """
    match connection.status:
        case ConnectionStatus.PENDING:
            return CannotRedeem.NO_CONSENT
        case ConnectionStatus.CONSENT_LOST:
            return CannotRedeem.CONSENT_LOST
        case ConnectionStatus.ACTIVE:
            return _begin(
                connection,
                Redemption(number=connection.number, holder_id=holder_id, deadline_at=deadline_at),
                now,
            )
        case unreachable:
            assert_never(unreachable)


def _begin(connection: Connection, new: Redemption, now: datetime) -> Redemption | CannotRedeem:
    former = connection.redemption
    match journal_state(former, now):
        case JournalState.FREE:
            # Whether one had died before is remembered through an outage of the provider.
            return replace(new, is_retry=former is not None and former.is_retry)
        case JournalState.BEING_REDEEMED:
            return CannotRedeem.BEING_REDEEMED
        case JournalState.HOLDER_GONE:
            return replace(new, is_retry=True)
        case JournalState.HOLDER_GONE_TWICE:
            return CannotRedeem.HOLDER_GONE_TWICE
        case unreachable:
            assert_never(unreachable)


def finish(connection: Connection, redeemed: Connection, successor: Successor) -> Connection | None:
    """*connection* as it is now, with the successor of what *redeemed* was; `None`: too late.

    Only the consent and its number are asked, not who holds the journal, and not whether the
    consent counts as lost.
    """
    if not is_same_token(connection, redeemed):
        return None
    return replace(
        connection,
        consent=renewed(connection.consent, successor) if connection.consent else None,
        number=connection.number + 1,
        redemption=None,
        is_lost=False,
    )


def renewed(consent: Consent, successor: Successor) -> Consent:
    """*consent* with the refresh token that came; a provider that does not rotate sends none."""
    return replace(
        consent,
        refresh_token=successor.refresh_token or consent.refresh_token,
        scopes=consent.scopes if successor.scopes is None else successor.scopes,
        refreshed_at=successor.refreshed_at,
        refresh_expires_at=successor.refresh_expires_at,
    )


def release_redemption(
    connection: Connection, redemption: Redemption, *, retry_at: datetime
) -> Connection | None:
    """*connection* once the holder has said that the provider was away; `None`: not its own."""
    if not is_held_by(connection, redemption):
        return None
    return replace(connection, redemption=replace(redemption, retry_at=retry_at))


def give_up_consent(connection: Connection, redemption: Redemption) -> Connection | None:
    """*connection* once its consent is given up by what *redemption* saw; `None`: not its own.

    So a consent is lost once, and the one who loses it tells.
    """
    if not is_held_by(connection, redemption) or connection.is_lost:
        return None
    return replace(connection, is_lost=True)


def is_same_token(connection: Connection, redeemed: Connection) -> bool:
    """Whether both hold the same number of the same consent."""
    if connection.consent is None or redeemed.consent is None:
        return False
    return (connection.consent.consent_id, connection.number) == (
        redeemed.consent.consent_id,
        redeemed.number,
    )


def is_held_by(connection: Connection, redemption: Redemption) -> bool:
    """Whether the journal's entry is still *redemption*'s."""
    held = connection.redemption
    return (
        held is not None
        and held.holder_id == redemption.holder_id
        and held.number == connection.number
    )
