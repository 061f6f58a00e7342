"""Ports for the registry, and for the state of each credential's secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.credential_state import (
    UNKNOWN_STATE,
    CredentialState,
    ObservedExchange,
    ProviderOutage,
    ScheduledReader,
)
from tokenvend.domain.failure import Failure
from tokenvend.domain.registry import RegistryView
from tokenvend.ports.tokens import EMPTY_ITEM, TokenItem

if TYPE_CHECKING:
    from tokenvend.domain.connection import ConnectionKey


@dataclass(frozen=True, slots=True)
class Lookup:
    """The items that one read fetches. `token_key` is `None` while the cache key is not known.

    `connection` is the requested connection's name, without its owner.
    """

    identity: str
    credential: str
    tenant: str | None = None
    token_key: str | None = None
    connection: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupResult:
    """The items that one read fetched."""

    view: RegistryView
    item: TokenItem = EMPTY_ITEM
    state: CredentialState = UNKNOWN_STATE


class VendReader(Protocol):
    """Reads everything that decides one request, in one read."""

    def read(self, lookup: Lookup) -> LookupResult:
        """Read the registry, the credential's state and, where its key is known, the token.

        Raises:
            StoreAwayError: the tables do not answer, so the request cannot be decided.
        """

    def is_away(self) -> bool:
        """Whether an item of another partition cannot be read either: then the store is away."""


@dataclass(frozen=True, slots=True)
class CredentialView:
    """A credential's definition and state. `definition` is `None` if it is missing or blocked."""

    definition: CredentialDefinition | None
    state: CredentialState = UNKNOWN_STATE


class CredentialReader(Protocol):
    """Reads a credential for a scheduled renewal, which has no caller and no request."""

    def read(
        self, credential: str, tenant: str | None, *, connection: ConnectionKey | None = None
    ) -> CredentialView:
        """Read the credential's definition and state, in one read.

        The definition is also `None` if *connection* is blocked: nothing of it may be sent.

        Raises:
            StoreAwayError: the tables do not answer.
        """


class CredentialStates(Protocol):
    """Stores each credential's or tenant's state: generation, failures, facts of its exchanges."""

    def replace_failure(
        self, credential: str, tenant: str | None, *, before: Failure | None, after: Failure | None
    ) -> bool:
        """Replace *before* by *after* (`None`: none); `False` if the stored value is not *before*.

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
        """Replace *before* by *after* (`None`: none); `False` if the stored value is not *before*.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def record_observed(
        self, credential: str, tenant: str | None, observed: ObservedExchange
    ) -> None:
        """Store what an exchange showed.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def mark_ready(
        self, credential: str, tenant: str | None, reader: ScheduledReader, *, is_ready: bool
    ) -> None:
        """Store whether *reader* could use the secret when it last tried.

        Raises:
            StoreAwayError: the table does not answer.
        """

    def start_secret_generation(
        self, credential: str, tenant: str | None, secret_generation: str
    ) -> None:
        """Start a new secret generation after the secret has changed, and clear the failure.

        Raises:
            StoreAwayError: the table does not answer.
        """
