"""What the use cases need from the world, and nothing more.

Each port has a fake in tests/fakes and an adapter in `adapters`; one contract suite runs on
both. An adapter translates foreign errors once, into the errors named here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_state import UNKNOWN, CredentialState, Observed
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease
from tokenvend.domain.registry import CredentialDefinition, RegistryView
from tokenvend.domain.renewal import Slot
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import PublishedKey, SigningAlgorithm, SigningKey
from tokenvend.domain.token import AccessToken, SecretStage

if TYPE_CHECKING:  # a vend names none of these, and would pay for each class at every cold start
    from tokenvend.domain.connection import Connection, ConnectionKey, PendingConsent, Spending
    from tokenvend.domain.consent import ConsentSession
    from tokenvend.domain.journal import Successor
    from tokenvend.domain.oauth.token_request import ProviderRequest, ProviderSecret
    from tokenvend.domain.oauth.token_response import ProviderResponse


class StoreAwayError(Exception):
    """A table, key or secret could not be reached or answered with an error of its own.

    Never raised for a condition that did not hold, nor for throttling of a conditional write.
    """


class StoreThrottledError(StoreAwayError):
    """The table asked for patience: it is there, so this is no outage."""


class KeyAwayError(StoreAwayError):
    """The key that opens stored items does not answer, whatever the table says."""


class ProviderAwayError(Exception):
    """The provider could not be reached, or its answer did not arrive whole and in time."""


class SecretUnusableError(Exception):
    """A secret is missing or lacks a field. The text says which, and never a value."""


class SigningKeyUnusableError(Exception):
    """A key is missing, not ours, or not for the algorithm. The text never holds any of it."""


class Clock(Protocol):
    """Time. `now` may be wrong by minutes; `monotonic` only ever moves on."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some instant of this environment's own."""

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""


@dataclass(frozen=True, slots=True)
class TokenItem:
    """What the tokens table holds under one key. An item that cannot be trusted is absent.

    `spec` says what the token is, for a renewal that has no request to go by. `is_asked`: it
    has been read since it was put, so a renewal is worth it. `is_rejected`: an API refused it.
    """

    token: AccessToken | None = None
    lease: Lease | None = None
    failure: Failure | None = None
    spec: TokenSpec | None = None
    is_asked: bool = False
    is_rejected: bool = False


NOTHING = TokenItem()


@dataclass(frozen=True, slots=True)
class Lookup:
    """What one read is to bring: `token_key` is `None` while the key is not known."""

    identity: str
    credential: str
    tenant: str | None = None
    token_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one read brought."""

    view: RegistryView
    item: TokenItem = NOTHING
    state: CredentialState = UNKNOWN


class VendReader(Protocol):
    """Everything that decides one request, in one read."""

    def read(self, lookup: Lookup) -> Findings:
        """Read the registry, the credential's state and, where its key is known, the token.

        Raises:
            StoreAwayError: nothing can be said about the request.
        """

    def is_away(self) -> bool:
        """Whether another key cannot be read either: then it is the store, not one partition."""


@dataclass(frozen=True, slots=True)
class CredentialView:
    """A credential without any caller. `definition` is `None` where there is none, or blocked."""

    definition: CredentialDefinition | None
    state: CredentialState = UNKNOWN


class CredentialReader(Protocol):
    """What a renewal goes by, which nobody asked for just now."""

    def read(self, credential: str, tenant: str | None) -> CredentialView:
        """The credential's definition and state, in one read.

        Raises:
            StoreAwayError: the tables do not answer.
        """


class CredentialStates(Protocol):
    """One item for each credential or tenant: its secret's epoch, its failure, what it showed."""

    def replace_failure(
        self, credential: str, tenant: str | None, *, before: Failure | None, after: Failure | None
    ) -> bool:
        """Make *after* stand in place of *before*; `False`: something else stood there.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def note(self, credential: str, tenant: str | None, observed: Observed) -> None:
        """Keep what an exchange showed.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def start_epoch(self, credential: str, tenant: str | None, epoch: str) -> None:
        """Name the state of a secret that has changed, and forget its failure.

        Raises:
            StoreAwayError: the table does not answer.
        """


class TokenStore(Protocol):
    """Tokens, leases and failures, one item per key."""

    def read(self, key: str) -> TokenItem:
        """The newest item (strongly consistent).

        Raises:
            StoreAwayError: the table does not answer.
        """

    def acquire_lease(
        self, key: str, lease: Lease, *, instead_of: Lease | None
    ) -> TokenItem | None:
        """Make *lease* stand in place of *instead_of*, or of none; the item as it is then.

        The answer is read in the same step as the write, so the winner never acts on what it
        saw before. `None`: lost. A condition that fails and a write that is throttled are both
        lost; a write of ours that was retried after it had succeeded is not.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def put_token(self, key: str, token: AccessToken, *, spec: TokenSpec, lease: Lease) -> bool:
        """Keep *token* and end *lease*, if it still stands.

        The failure, and that the former token was asked for or rejected, are forgotten.

        Raises:
            StoreAwayError: the table or the key does not answer.
        """

    def schedule_renewal(self, key: str, token: AccessToken, slot: Slot | None) -> None:
        """Have *token* renewed in *slot*, if it is still held; `None`: leave it to expire.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def due(self, slot: Slot) -> Iterator[str]:
        """The keys of the tokens to renew in *slot*.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def reject(self, key: str, token: AccessToken) -> None:
        """Mark *token*, if it is still held, as refused by an API.

        Raises:
            StoreAwayError: the table does not answer, or asks for patience.
        """

    def release_lease(self, key: str, *, lease: Lease, failure: Failure | None) -> None:
        """End *lease* if it still stands, leaving *failure* for the others.

        Raises:
            StoreAwayError: the table does not answer.
        """


class Kept(Enum):
    """What became of a successor: kept, or there is a newer token, or no connection any more."""

    KEPT = auto()
    SUPERSEDED = auto()
    GONE = auto()


class ConnectionReader(Protocol):
    """Users' consents, to look at."""

    def read(self, key: ConnectionKey) -> Connection | None:
        """The newest item (strongly consistent). One that cannot be trusted is absent.

        Raises:
            StoreAwayError: the table or the key does not answer.
        """


class ConnectionStore(ConnectionReader, Protocol):
    """Consents, their refresh tokens and journals: one item per connection.

    Every method raises StoreAwayError when the table or the key does not answer.
    """

    def put_pending(self, key: ConnectionKey, pending: PendingConsent) -> None:
        """Keep *pending* beside what is there, instead of one that waited before."""

    def put_consent(self, before: Connection | None, after: Connection) -> bool:
        """Make *after* stand where *before* was read; both are of one key.

        `False`: another consent stands or is pending there by now, so a one-time code is good
        for one completion. A refresh token that was rotated meanwhile is no reason.
        """

    def begin_spending(self, before: Connection, spending: Spending) -> Connection | None:
        """Write *spending* into the journal that *before* shows; the item as it is then.

        `None`: lost, for the journal or the token is another by now, or the write was
        throttled. A write of ours that was retried after it had succeeded is not lost.
        """

    def finish_spending(self, spent: Connection, successor: Successor) -> Kept:
        """Keep the *successor* of the token in *spent*, if that is still the newest one.

        Nothing else is asked: not who holds the journal, and not whether the consent counts as
        lost. A throttled write raises StoreThrottledError: it must be tried again.
        """

    def give_back(self, spent: Connection, spending: Spending, *, retry_at: datetime) -> None:
        """Write that the provider was away, if the journal is still *spending*'s."""

    def mark_lost(self, connection: Connection, spending: Spending) -> bool:
        """Give the consent up, if its journal is still *spending*'s; `True` for one caller only."""

    def drop_pending(self, connection: Connection) -> None:
        """Drop what is pending in *connection*, and the whole item where nothing else is there."""

    def delete(self, key: ConnectionKey) -> Connection | None:
        """Delete the item; what it was."""

    def owned_by(self, owner: str) -> list[Connection]:
        """The connections that the caller *owner* started, in no order."""

    def all(self) -> Iterator[Connection]:
        """Every connection that can be trusted, in no order, page by page."""


class ConsentStore(Protocol):
    """Users on their way through consent, each under a ticket that is good for one use.

    Every method raises StoreAwayError when the table or the key does not answer.
    """

    def put(self, ticket: Secret, session: ConsentSession) -> None:
        """Keep *session* under a new *ticket*."""

    def read(self, ticket: Secret) -> ConsentSession | None:
        """What *ticket* is for, without using it up; `None` once it was used (consistent)."""

    def take(self, ticket: Secret) -> ConsentSession | None:
        """Use *ticket* up: of all who try, one gets the session."""


class SecretStore(Protocol):
    """The provider credentials' secrets."""

    def read(
        self,
        definition: CredentialDefinition,
        tenant: str | None,
        *,
        stage: SecretStage = SecretStage.CURRENT,
    ) -> ProviderSecret:
        """The secret in *stage*, past every cache.

        Raises:
            SecretUnusableError: it is missing, or has no client id, secret or host.
            StoreAwayError: it could not be read.
        """


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """A credential's or tenant's secret, and the id of its current version."""

    credential: str
    tenant: str | None
    version: str


class SecretCatalog(Protocol):
    """Every secret of this deployment, without their values."""

    def secrets(self) -> Iterator[SecretVersion]:
        """Each secret once.

        Raises:
            StoreAwayError: Secrets Manager does not answer.
        """


class ProviderClient(Protocol):
    """The provider's endpoints."""

    def send(self, request: ProviderRequest) -> ProviderResponse:
        """Post the form, follow no redirect, and take the whole answer or none.

        Raises:
            ProviderAwayError: no whole answer within `bounds.PROVIDER_TOTAL_SECONDS`.
        """


class ProviderApi(ProviderClient, Protocol):
    """The provider's endpoints, and what it says to a user's token."""

    def get(self, url: str, *, bearer: Secret) -> ProviderResponse:
        """Get *url* with a token of the provider's own, in the same way and bounds.

        Raises:
            ProviderAwayError: as `send`.
        """


class AssertionSigner(Protocol):
    """Keys that sign for a client (RFC 7523)."""

    def key_id(self, key: SigningKey) -> str:
        """The `kid` by which the provider finds the public half.

        Raises:
            SigningKeyUnusableError: it is no key.
        """

    def sign(self, key: SigningKey, algorithm: SigningAlgorithm, message: bytes) -> bytes:
        """The signature over *message*, in JOSE's form (RFC 7518 §3).

        Raises:
            SigningKeyUnusableError: the key is missing, not ours, or not for *algorithm*.
            StoreAwayError: KMS does not answer.
        """


class PublishedKeys(Protocol):
    """Which key pairs sign for us, as the registry has it."""

    def read(self) -> tuple[PublishedKey, ...]:
        """All of them.

        Raises:
            StoreAwayError: the registry does not answer.
        """


class PublicKeys(Protocol):
    """The public halves of key pairs."""

    def read(self, key: PublishedKey) -> dict[str, str]:
        """The public half as a JSON Web Key, with its `kid`, `alg` and `use` (RFC 7517 §4).

        Raises:
            SigningKeyUnusableError: the key is missing, not ours, or of another kind.
            StoreAwayError: KMS does not answer.
        """
