"""What the registry has for a request: its caller, the grant, the credential's definition."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.scopes import NO_SCOPES, Scopes

#: In a grant's tenants: every tenant of the family.
ALL_TENANTS = frozenset({"*"})
#: In a grant's connections: those that the caller itself started. Single connections are written
#: `owner/name`, so these three values cannot be mistaken for one.
OWN_CONNECTIONS = frozenset({"own"})
#: In a grant's connections: the one that the signed-in user's token picks, and no other.
SUBJECT_CONNECTIONS = frozenset({"subject"})
#: In a grant's connections: every caller's.
ALL_CONNECTIONS = frozenset({"*"})
#: In a view's `blocked_owners`: a block that names no owner, so it is on every owner's connection.
EVERY_OWNER = frozenset({"*"})


class Isolation(StrEnum):
    """Whether callers share a token or each has its own."""

    SHARED = "shared"
    CALLER = "caller"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A named workload.

    `title` is the name that its users know. `unique_id` is the id of the one IAM role or user that
    may use this identity, even if another is created under the same name. `burst` is how many
    requests it may make at once, if it has a limit of `requests_per_minute`: see `domain.quota`.
    """

    name: str
    title: str | None = None
    unique_id: str | None = None
    requests_per_minute: int | None = None
    burst: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Scopes beyond the ceiling that are counted instead of refused, until a date."""

    scopes: Scopes
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One caller, one credential, and the ceiling: what is not listed is refused.

    `full_access` is needed if the token's reach is not known or cannot be narrowed. `return_urls`
    are the URLs to which a user may be sent back after the consent, compared exactly. `users` are
    the issuers whose users' tokens are accepted: each `iss` with the `aud` that the token must
    have. `None` in place of an `aud`: it is not known, and no token of that issuer is accepted.
    `accept_less`: a token with fewer scopes than requested is vended, not refused.
    """

    caller: str
    credential: str
    scopes: Scopes = NO_SCOPES
    default_scopes: Scopes | None = None
    audiences: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    tenants: frozenset[str] = frozenset()
    connections: frozenset[str] = OWN_CONNECTIONS
    users: Mapping[str, str | None] = field(default_factory=dict, hash=False)
    return_urls: frozenset[str] = frozenset()
    full_access: bool = False
    accept_less: bool = False
    isolation: Isolation = Isolation.SHARED
    observation: Observation | None = None

    def observed_scopes(self, now: datetime) -> Scopes:
        """Return the scopes beyond the ceiling that are counted, and not refused, at *now*."""
        if self.observation is None or now >= self.observation.until:
            return NO_SCOPES
        return self.observation.scopes

    def covers_tenant(self, tenant: str) -> bool:
        """Whether the grant names *tenant*, or all of them."""
        return self.tenants == ALL_TENANTS or tenant in self.tenants

    def covers_connection(self, owner: str, name: str) -> bool:
        """Whether the grant reaches the connection *name* that the caller *owner* started."""
        if self.connections == ALL_CONNECTIONS:
            return True
        if self.connections == OWN_CONNECTIONS:
            return owner == self.caller
        return f"{owner}/{name}" in self.connections


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryView:
    """What the registry says about one identity and one credential name.

    `blocked_owners` are the callers whose connection of the requested name is blocked.
    """

    caller: Caller | None = None
    caller_blocked: bool = False
    client_secret_hashes: tuple[str, ...] = ()
    grant: Grant | None = None
    definition: CredentialDefinition | None = None
    credential_blocked: bool = False
    blocked_owners: frozenset[str] = frozenset()

    def is_connection_blocked(self, owner: str) -> bool:
        """Whether *owner*'s connection of the requested name is blocked."""
        return owner in self.blocked_owners or self.blocked_owners == EVERY_OWNER
