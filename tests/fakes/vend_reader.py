"""The registry in memory, read together with a token store."""

from dataclasses import dataclass, field

from tests.fakes.token_store import InMemoryTokenStore

from tokenvend.domain.registry import Caller, CredentialDefinition, Grant, RegistryView
from tokenvend.ports import NOTHING, Findings, Lookup, StoreAwayError


@dataclass
class InMemoryVendReader:
    """`ports.VendReader` on dictionaries that a test fills as it likes.

    `blocked` holds identities and credential names; they cannot be mistaken for one another.
    """

    tokens: InMemoryTokenStore
    callers: dict[str, Caller] = field(default_factory=dict)
    grants: dict[tuple[str, str], Grant] = field(default_factory=dict)
    definitions: dict[str, CredentialDefinition] = field(default_factory=dict)
    client_secret_hashes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    epochs: dict[tuple[str, str | None], str] = field(default_factory=dict)
    is_away: bool = False
    lookups: list[Lookup] = field(default_factory=list)

    def read(self, lookup: Lookup) -> Findings:
        self.lookups.append(lookup)
        if self.is_away:
            raise StoreAwayError("the tables do not answer")
        key = lookup.token_key
        return Findings(
            view=self._view(lookup.identity, lookup.credential),
            item=NOTHING if key is None else self.tokens.read(key),
            epoch=self.epochs.get((lookup.credential, lookup.tenant), ""),
        )

    def _view(self, identity: str, credential: str) -> RegistryView:
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
        )
