"""A connection: one end user's consent, owned by the caller that started it.

    (nothing) ──callback──► PENDING ──complete, with the one-time code──► ACTIVE
        ▲                      │                                          │    ▲
        │                      │ the code expires                    lost │    │ a late success,
        └──────────────────────┘                                          ▼    │ or a new consent
                                                                    CONSENT_LOST

A new consent for an existing connection is pending beside the old one, which stays in use until
the new one is completed. `domain.journal` says how the refresh token is redeemed.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from hmac import compare_digest
from typing import TYPE_CHECKING, assert_never

from tokenvend.domain.names import NAME, TENANT
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret
from tokenvend.domain.tenant_binding import TenantBinding

if TYPE_CHECKING:
    from tokenvend.domain.cache_key import TokenSpec


class ConnectionStatus(StrEnum):
    """Whether a connection can be used."""

    PENDING = "pending"
    ACTIVE = "active"
    CONSENT_LOST = "consent_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionKey:
    """Which connection: `owner` is the name of the caller that started it."""

    credential: str
    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.credential}/{self.owner}/{self.name}"


def connection_of(spec: "TokenSpec") -> ConnectionKey | None:
    """Return the connection whose token *spec* describes; `None`: it is no connection's."""
    if spec.connection is None or spec.connection_owner is None:
        return None
    return ConnectionKey(
        credential=spec.credential, owner=spec.connection_owner, name=spec.connection
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a user consented to, and the refresh token for it.

    `consent_id` is new with each consent and stays through every rotation. `account` is the
    provider's name for the user; `None`: it is not known. `refresh_expires_at` is when the refresh
    token expires if nobody redeems it; `None`: it is not known. `agreed_scopes` are those that the
    user agreed to, if the provider's last refresh gave fewer; `None`: it gave all of them. `tenant`
    is the customer's host at which the user consented, if each customer has its own.
    """

    consent_id: str
    refresh_token: Secret
    scopes: Scopes
    account: str | None
    connected_at: datetime
    refreshed_at: datetime
    refresh_expires_at: datetime | None = None
    agreed_scopes: Scopes | None = None
    tenant: TenantBinding | None = None

    @property
    def most_scopes(self) -> Scopes:
        """All scopes that the user agreed to. A refresh cannot give others."""
        return self.scopes if self.agreed_scopes is None else self.agreed_scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingConsent:
    """A consent that the connection's owner has not completed yet.

    `code_sha256` is the SHA-256 of the one-time code that completes it.
    """

    consent: Consent
    code_sha256: str
    expires_at: datetime

    def is_expired(self, now: datetime) -> bool:
        """Whether the code has expired."""
        return now >= self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """The journal's one entry: its holder is redeeming refresh token number `number`.

    The holder's invocation ends at `deadline_at`: no code of it runs after that. `is_retry` says
    that an earlier holder ended without recording a result. `retry_at` is set once the holder has
    recorded that the provider did not answer.
    """

    number: int
    holder_id: str
    deadline_at: datetime
    is_retry: bool = False
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """All that is stored of a connection.

    `number` counts the refresh tokens of this consent, from 1. It is 0 before the first consent.
    """

    key: ConnectionKey
    consent: Consent | None = None
    number: int = 0
    journal_entry: JournalEntry | None = None
    is_lost: bool = False
    pending: PendingConsent | None = None

    @property
    def status(self) -> ConnectionStatus:
        """Whether the connection can be used."""
        if self.consent is None:
            return ConnectionStatus.PENDING
        return ConnectionStatus.CONSENT_LOST if self.is_lost else ConnectionStatus.ACTIVE


class CannotComplete(Enum):
    """Why a pending consent cannot be completed."""

    NOTHING_PENDING = auto()
    WRONG_CODE = auto()
    EXPIRED = auto()
    ANOTHER_ACCOUNT = auto()
    ANOTHER_HOST = auto()


def complete(
    connection: Connection, code: Secret, *, now: datetime, may_change_account: bool = False
) -> Connection | CannotComplete:
    """Replace the connection's consent by its pending one, if *code* is the one-time code for it.

    A consent of another account is refused unless *may_change_account*, because what the caller
    stores under the connection's name belongs to the former account. A consent at another
    customer's host is always refused.
    """
    pending = connection.pending
    if pending is None:
        return CannotComplete.NOTHING_PENDING
    if not compare_digest(code.sha256, pending.code_sha256):
        return CannotComplete.WRONG_CODE
    if pending.is_expired(now):
        return CannotComplete.EXPIRED
    if _changes_host(connection.consent, pending.consent):
        return CannotComplete.ANOTHER_HOST
    if not may_change_account and _changes_account(connection.consent, pending.consent):
        return CannotComplete.ANOTHER_ACCOUNT
    return with_consent(connection, pending.consent)


def with_consent(connection: Connection, consent: Consent) -> Connection:
    """Return *connection* with a new consent, numbered from 1 and with an empty journal."""
    return Connection(key=connection.key, consent=consent, number=1)


def is_abandoned(connection: Connection, now: datetime) -> bool:
    """Whether *connection* can be deleted: it has no consent, and no pending one that is valid."""
    match connection.status:
        case ConnectionStatus.PENDING:
            return connection.pending is None or connection.pending.is_expired(now)
        case ConnectionStatus.ACTIVE | ConnectionStatus.CONSENT_LOST:
            return False
        case unreachable:
            assert_never(unreachable)


def parse_connection_name(text: str, *, owner: str) -> tuple[str, str]:
    """Return the owner and the name that *text* has, as `name` or `owner/name`.

    Without an owner in *text*, the connection is *owner*'s, the caller that sent the request.

    Raises:
        ValueError: *text* has neither form.
    """
    named, slash, name = text.rpartition("/")
    whose = named if slash else owner
    if TENANT.fullmatch(name) is None or NAME.fullmatch(whose) is None:
        raise ValueError("a connection is named by its name, or by its owner/name")
    return whose, name


def _changes_host(former: Consent | None, new: Consent) -> bool:
    return former is not None and former.tenant is not None and former.tenant != new.tenant


def _changes_account(former: Consent | None, new: Consent) -> bool:
    return former is not None and former.account is not None and former.account != new.account
