"""The journal of a refresh token: write ahead, redeem, store the successor, answer.

A refresh token may be good for one use. Redeemed twice, it can cost the user's consent; if its
successor is lost, so is the connection. So the holder of number n writes an entry first
(`Refresher._begin` in `refresh_tokens/refresher.py`), and the successor after
(`Redeemer._store_successor` in `refresh_tokens/redeemer.py`). Both are conditional writes of the
connection's item, which holds refresh token n until its successor replaces it:

           begin                          finish: number is n + 1, by any holder
    FREE ────────► BEING_REDEEMED ───────────────────────────────────────────────► FREE
     ▲                │    │  │ `give_up_consent`: the provider refused the token
     │ at `retry_at`  │    │  └───────────────────────────────────────► CONSENT_LOST
     └──────────────◄─┘    │                                                 ▲
        the provider did   │ `deadline_at` + skew, without a word            │
        not answer         ▼                                                 │
                     HOLDER_GONE ──begin: the one retry──► BEING_REDEEMED ──► HOLDER_GONE_TWICE

If a holder ended without recording a result, the provider may have accepted the token or not, and
only a retry shows which. A provider with a grace period accepts that retry. No retry starts while
the holder may still run. A holder that recorded that the provider did not answer does not count as
gone, so a provider's outage of a day costs many tries and no consent (docs/adr/0011). `finish`
compares only the number, so a slow holder's success is stored even after another took over.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import assert_never

from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, ConnectionStatus, Consent, JournalEntry
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret


class JournalState(Enum):
    """Whether a refresh token is being redeemed, by the journal's entry.

    HOLDER_GONE: the holder ended without recording a result, so one retry is allowed.
    HOLDER_GONE_TWICE: the holder of that retry did, too.
    """

    FREE = auto()
    BEING_REDEEMED = auto()
    HOLDER_GONE = auto()
    HOLDER_GONE_TWICE = auto()


class CannotRedeem(Enum):
    """Why a refresh token must not be redeemed now."""

    NO_CONSENT = auto()
    CONSENT_LOST = auto()
    BEING_REDEEMED = auto()
    HOLDER_GONE_TWICE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """What the provider answered to a refresh; a field that is `None` keeps its former value.

    For `refresh_expires_at` that is so only if `refresh_token` is `None` as well: see `renewed`.
    """

    refresh_token: Secret | None
    scopes: Scopes | None
    refreshed_at: datetime
    refresh_expires_at: datetime | None


def redeemable_from(journal_entry: JournalEntry) -> datetime:
    """Return when another holder may redeem the token.

    That is `retry_at` if it is set, else the holder's deadline plus `bounds.CLOCK_SKEW`.
    """
    return journal_entry.retry_at or journal_entry.deadline_at + bounds.CLOCK_SKEW


def journal_state(journal_entry: JournalEntry | None, now: datetime) -> JournalState:
    """The state of the journal at *now*."""
    if journal_entry is None:
        return JournalState.FREE
    if now < redeemable_from(journal_entry):
        return JournalState.BEING_REDEEMED
    if journal_entry.retry_at is not None:
        return JournalState.FREE
    return JournalState.HOLDER_GONE_TWICE if journal_entry.is_retry else JournalState.HOLDER_GONE


def begin(
    connection: Connection, *, holder_id: str, now: datetime, deadline_at: datetime
) -> JournalEntry | CannotRedeem:
    """Return the entry to write before the token is sent, or why it must not be sent.

    *deadline_at* is the instant at which the holder's invocation ends.
    """
    match connection.status:
        case ConnectionStatus.PENDING:
            return CannotRedeem.NO_CONSENT
        case ConnectionStatus.CONSENT_LOST:
            return CannotRedeem.CONSENT_LOST
        case ConnectionStatus.ACTIVE:
            return _begin(
                connection,
                JournalEntry(
                    number=connection.number, holder_id=holder_id, deadline_at=deadline_at
                ),
                now,
            )
        case unreachable:
            assert_never(unreachable)


def _begin(connection: Connection, new: JournalEntry, now: datetime) -> JournalEntry | CannotRedeem:
    former = connection.journal_entry
    match journal_state(former, now):
        case JournalState.FREE:
            # The entry may be one with a `retry_at`: it stays a retry through a provider's outage.
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
    """Return *connection* with the successor of the token that was redeemed; `None`: too late.

    *connection* is as stored now, and *redeemed* as it was when the token was sent. Only the
    consent and the number must be the same in both. Another holder's journal entry, or a consent
    that counts as lost, does not matter: both are cleared.
    """
    if not is_same_token(connection, redeemed):
        return None
    return replace(
        connection,
        consent=renewed(connection.consent, successor) if connection.consent else None,
        number=connection.number + 1,
        journal_entry=None,
        is_lost=False,
    )


def renewed(consent: Consent, successor: Successor) -> Consent:
    """Return *consent* with the new refresh token, or with the former one if there is no new one.

    A provider that does not rotate sends none. The former token then keeps its stated expiry,
    unless the answer states another.
    """
    keeps_token = successor.refresh_token is None
    scopes = consent.scopes if successor.scopes is None else successor.scopes
    return replace(
        consent,
        refresh_token=successor.refresh_token or consent.refresh_token,
        scopes=scopes,
        agreed_scopes=consent.most_scopes if scopes < consent.most_scopes else None,
        refreshed_at=successor.refreshed_at,
        refresh_expires_at=successor.refresh_expires_at
        or (consent.refresh_expires_at if keeps_token else None),
    )


def release_redemption(
    connection: Connection, journal_entry: JournalEntry, *, retry_at: datetime
) -> Connection | None:
    """Return *connection* with its token redeemable from *retry_at*; `None`: another holds it."""
    if not is_held_by(connection, journal_entry):
        return None
    return replace(connection, journal_entry=replace(journal_entry, retry_at=retry_at))


def give_up_consent(connection: Connection, journal_entry: JournalEntry) -> Connection | None:
    """Return *connection* with its consent marked as lost; `None`: another holds it, or it is lost.

    So only one holder marks a consent as lost, and publishes the event.
    """
    if not is_held_by(connection, journal_entry) or connection.is_lost:
        return None
    return replace(connection, is_lost=True)


def is_same_token(connection: Connection, redeemed: Connection) -> bool:
    """Whether both have the same consent, and the same number of its refresh token."""
    if connection.consent is None or redeemed.consent is None:
        return False
    return (connection.consent.consent_id, connection.number) == (
        redeemed.consent.consent_id,
        redeemed.number,
    )


def is_held_by(connection: Connection, journal_entry: JournalEntry) -> bool:
    """Whether the journal's entry is still this *journal_entry*."""
    held = connection.journal_entry
    return (
        held is not None
        and held.holder_id == journal_entry.holder_id
        and held.number == connection.number
    )
