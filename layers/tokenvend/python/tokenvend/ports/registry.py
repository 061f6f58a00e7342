"""What decides a request, and what is known of a credential's secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tokenvend.domain.credential_state import (
    UNKNOWN_STATE,
    CredentialState,
    ObservedExchange,
    ProviderOutage,
    ScheduledReader,
)
from tokenvend.domain.failure import Failure
from tokenvend.domain.registry import CredentialDefinition, RegistryView
from tokenvend.ports.tokens import EMPTY_ITEM, TokenItem

if TYPE_CHECKING:
    from tokenvend.domain.connection import ConnectionKey


@dataclass(frozen=True, slots=True)
class Lookup:
    """What one read is to bring: `token_key` is `None` while the key is not known.

    `connection` is the name of the one that is asked for, without its owner's.
    """

    identity: str
    credential: str
    tenant: str | None = None
    token_key: str | None = None
    connection: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupResult:
    """What one read brought."""

    view: RegistryView
    item: TokenItem = EMPTY_ITEM
    state: CredentialState = UNKNOWN_STATE


class VendReader(Protocol):
    """Everything that decides one request, in one read."""

    def read(self, lookup: Lookup) -> LookupResult:
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
    state: CredentialState = UNKNOWN_STATE


class CredentialReader(Protocol):
    """What a renewal goes by, which nobody asked for just now."""

    def read(
        self, credential: str, tenant: str | None, *, connection: ConnectionKey | None = None
    ) -> CredentialView:
        """The credential's definition and state, in one read.

        A blocked *connection* has no definition either: nothing of it is to be sent.

        Raises:
            StoreAwayError: the tables do not answer.
        """


class CredentialStates(Protocol):
    """The state of each credential or tenant: secret generation, failure, what exchanges showed."""

    def replace_failure(
        self, credential: str, tenant: str | None, *, before: Failure | None, after: Failure | None
    ) -> bool:
        """Make *after* stand in place of *before*; `False`: something else stood there.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def replace_outage(
        self,
        credential: str,
        tenant: str | None,
        *,
        before: ProviderOutage | None,
        after: ProviderOutage | None,
    ) -> bool:
        """Make *after* stand in place of *before*; `False`: something else stood there.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def record_observed(
        self, credential: str, tenant: str | None, observed: ObservedExchange
    ) -> None:
        """Keep what an exchange showed.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def mark_ready(
        self, credential: str, tenant: str | None, reader: ScheduledReader, *, is_ready: bool
    ) -> None:
        """Keep whether *reader* could use the secret when it last tried.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def start_secret_generation(
        self, credential: str, tenant: str | None, secret_generation: str
    ) -> None:
        """Name the state of a secret that has changed, and forget its failure.

        Raises:
            StoreAwayError: the table does not answer.
        """
