"""The registry in memory, read together with a token store."""

from collections.abc import Iterator, MutableSequence
from dataclasses import dataclass, field

from tests.fakes.credential_states import InMemoryCredentialStates
from tests.fakes.token_store import InMemoryTokenStore

from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.registry import Caller, Grant, RegistryView
from tokenvend.ports import EMPTY_ITEM, CredentialView, Lookup, LookupResult, StoreAwayError


@dataclass
class InMemoryVendReader:
    """`ports.VendReader` on dictionaries that a test fills as it likes.

    `fails_with` is what each read then raises; with `is_one_key_only` other keys still answer.
    `blocked` holds identities, credential names and connections (`credential/owner/name`); they
    cannot be mistaken for one another.
    """

    tokens: InMemoryTokenStore
    states: InMemoryCredentialStates = field(default_factory=InMemoryCredentialStates)
    callers: dict[str, Caller] = field(default_factory=dict)
    grants: dict[tuple[str, str], Grant] = field(default_factory=dict)
    definitions: dict[str, CredentialDefinition] = field(default_factory=dict)
    client_secret_hashes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    fails_with: StoreAwayError | None = None
    is_one_key_only: bool = False
    lookups: MutableSequence[Lookup] = field(default_factory=list)

    def read(self, lookup: Lookup) -> LookupResult:
        self.lookups.append(lookup)
        if self.fails_with is not None:
            raise self.fails_with
        key = lookup.token_key
        return LookupResult(
            view=self._view(lookup),
            item=EMPTY_ITEM if key is None else self.tokens.read(key),
            state=self.states.state(lookup.credential, lookup.tenant),
        )

    def is_away(self) -> bool:
        return self.fails_with is not None and not self.is_one_key_only

    def _view(self, lookup: Lookup) -> RegistryView:
        identity, credential = lookup.identity, lookup.credential
        caller = self.callers.get(identity)
        grant = self.grants.get((identity, credential))
        if grant is not None and caller is not None and grant.caller != caller.name:
            grant = None
        return RegistryView(
            caller=caller,
            caller_blocked=identity in self.blocked,
            client_secret_hashes=self.client_secret_hashes.get(identity, ()),
            grant=grant,
            definition=self.definitions.get(credential),
            credential_blocked=credential in self.blocked,
            blocked_owners=frozenset(self._blocked_owners(credential, lookup.connection)),
        )

    def _blocked_owners(self, credential: str, connection: str | None) -> Iterator[str]:
        for blocked in self.blocked:
            first, _, rest = blocked.partition("/")
            owner, _, name = rest.partition("/")
            if first == credential and name and name == connection:
                yield owner


@dataclass
class InMemoryCredentialReader:
    """`ports.CredentialReader` on what a `InMemoryVendReader` holds."""

    reader: InMemoryVendReader

    def read(
        self, credential: str, tenant: str | None, *, connection: ConnectionKey | None = None
    ) -> CredentialView:
        if self.reader.fails_with is not None:
            raise self.reader.fails_with
        is_blocked = bool({credential, str(connection)} & self.reader.blocked)
        return CredentialView(
            definition=None if is_blocked else self.reader.definitions.get(credential),
            state=self.reader.states.state(credential, tenant),
        )
