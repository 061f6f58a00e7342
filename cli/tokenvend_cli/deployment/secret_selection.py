"""Select secrets of a deployment, and read the status of each."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend_cli.deployment.secret_status import SecretName, SecretStatus
from tokenvend_cli.deployment.secrets import Secrets

_READERS = 8


class Condition(StrEnum):
    """A condition by which secrets are selected."""

    READY = "ready"
    FAILING = "failing"
    MISSING = "missing"
    WRONG_HOST = "wrong-host"
    REFUSED = "refused"
    UNUSABLE = "unusable"
    AWAY = "away"


def is_well(status: SecretStatus) -> bool:
    """Whether an exchange is possible with the secret, and none has failed since it was written."""
    state = status.state
    return status.is_ready and state.failure is None and not state.not_ready_for


_HOLDS: dict[Condition, Callable[[SecretStatus], bool]] = {
    Condition.READY: is_well,
    Condition.FAILING: lambda status: not is_well(status),
    Condition.MISSING: lambda status: not status.exists,
    Condition.WRONG_HOST: lambda status: status.exists and status.host != status.wanted_host,
    Condition.REFUSED: lambda status: status.state.failure is not None,
    Condition.UNUSABLE: lambda status: bool(status.state.not_ready_for),
    Condition.AWAY: lambda status: status.state.outage is not None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A filter for secrets. A field that is empty or `None` does not filter.

    `name` is one secret, or a family with all its tenants; `tenant_glob` picks among them.
    One of `conditions` has to hold.
    """

    name: SecretName | None = None
    tenant_glob: str | None = None
    conditions: tuple[Condition, ...] = ()
    changed_before: datetime | None = None

    @property
    def needs_statuses(self) -> bool:
        """Whether the filter needs statuses, because the names alone do not decide."""
        return bool(self.conditions) or self.changed_before is not None

    def has_name(self, name: SecretName) -> bool:
        """Whether a secret of that name can match."""
        if self.name is not None and self.name.tenant not in {None, name.tenant}:
            return False
        return self.tenant_glob is None or fnmatchcase(name.tenant or "", self.tenant_glob)

    def has(self, status: SecretStatus) -> bool:
        """Whether the secret matches; its name has already matched."""
        if self.conditions and not any(_HOLDS[each](status) for each in self.conditions):
            return False
        if self.changed_before is None:
            return True
        return status.changed_at is not None and status.changed_at < self.changed_before


@dataclass(frozen=True, slots=True)
class Page:
    """Statuses in order of the names; `is_last` says whether none follow."""

    statuses: list[SecretStatus]
    is_last: bool


def read_page(
    secrets: Secrets, selection: Selection, *, after: SecretName | None, limit: int | None
) -> Page:
    """Read the first *limit* selected secrets after *after*.

    Raises:
        CommandError: there is no such credential.
    """
    wanted = sorted(
        (
            (name, definition)
            for definition in _definitions(secrets, selection)
            for name in _names(secrets, selection, definition)
            if selection.has_name(name) and (after is None or _order(name) > _order(after))
        ),
        key=lambda each: _order(each[0]),
    )
    if limit is not None and not selection.needs_statuses:
        # Read one more than the page holds, to know whether another page follows.
        wanted = wanted[: limit + 1]
    with ThreadPoolExecutor(_READERS) as pool:
        statuses = pool.map(lambda each: secrets.status(*each), wanted)
        found = [status for status in statuses if selection.has(status)]
    return Page(found[:limit], limit is None or len(found) <= limit)


def _order(name: SecretName) -> tuple[str, str]:
    return name.credential, name.tenant or ""


def _definitions(secrets: Secrets, selection: Selection) -> list[CredentialDefinition]:
    if selection.name is None:
        return secrets.definitions.all()
    if selection.name.tenant is not None:
        return [secrets.definitions.of_secret(selection.name)]
    return [secrets.definitions.named(selection.name.credential)]


def _names(
    secrets: Secrets, selection: Selection, definition: CredentialDefinition
) -> list[SecretName]:
    """Return the names; a secret that is named exactly needs no search."""
    if selection.name is not None and selection.name.tenant is not None:
        return [selection.name]
    return secrets.names(definition)
