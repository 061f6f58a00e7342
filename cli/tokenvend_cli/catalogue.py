"""List the commands by name; each command's module is imported only when it is needed.

Importing boto3, pydantic and rich takes over a second, and no command needs all three.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
import typer.main
from typer.core import TyperGroup


@dataclass(frozen=True, slots=True)
class Listed:
    """One command, or a group of commands, as the command's own `--help` lists it.

    `where` is its module under `commands` and its name there; `does` is the first
    paragraph of its own help.
    """

    section: str
    name: str
    where: str
    does: str

    def load(self) -> Any:
        """Import the command and return it."""
        module, _, name = self.where.partition(":")
        found = getattr(import_module(f"tokenvend_cli.commands.{module}"), name)
        if isinstance(found, typer.Typer):
            return typer.main.get_command(found)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(self.name)(found)
        return typer.main.get_command(alone)


_FILE, _SECRETS, _KILL_SWITCH = "The file", "Secrets and users", "Kill switch"
_AFTER_A_LOSS = "After a loss"

CATALOGUE = (
    Listed(
        *(_FILE, "validate", "plan:validate"),
        "Check the file alone. Neither AWS nor an issuer is asked.",
    ),
    Listed(*(_FILE, "plan", "plan:plan"), "Show what `apply` would change, and change nothing."),
    Listed(
        *(_FILE, "apply", "plan:apply"),
        "Make what is deployed say what the file says. Applying twice changes nothing.",
    ),
    Listed(
        *(_FILE, "explain", "explain:explain"),
        "Say what a caller would get, and by which rule. Exits with 1 if it is refused.",
    ),
    Listed(*(_FILE, "schema", "plan:schema"), "Print the JSON Schema of the file, for an editor."),
    Listed(
        *(_FILE, "probe", "probe:probe"),
        "Measure what a provider does, and suggest what the file should say of it.",
    ),
    Listed(
        *(_FILE, "providers", "providers:app"),
        "List the providers that the command knows, and what it knows of each.",
    ),
    Listed(_SECRETS, "secret", "secret:app", "Write and describe provider secrets."),
    Listed(_SECRETS, "caller", "caller:app", "List callers; issue secrets to OAuth clients."),
    Listed(
        *(_SECRETS, "connections", "connections:app"),
        "Users' consents: who gave one, and how long it will last.",
    ),
    Listed(
        *(_KILL_SWITCH, "block", "block:block"),
        "Stop a caller, a credential, a connection or one client of a caller, until `unblock`.",
    ),
    Listed(
        *(_KILL_SWITCH, "unblock", "block:unblock"),
        "Lift a block. Another that stands on the same caller or client is left.",
    ),
    Listed(*(_KILL_SWITCH, "blocks", "block:blocks"), "List what is blocked, since when and why."),
    Listed(
        *(_KILL_SWITCH, "revoke", "revoke:revoke"),
        "Have the provider end a token, which comes from standard input. Never from an argument.",
    ),
    Listed(
        *(_AFTER_A_LOSS, "restore", "restore:app"),
        "Bring back client secrets, blocks and consents from a restored table.",
    ),
)


class _LazyCommand(Mapping[str, Any]):
    """The commands by name; each is imported when it is looked up."""

    def __init__(self) -> None:
        self._listed = {each.name: each for each in CATALOGUE}

    def __getitem__(self, name: str) -> Any:
        return self._listed[name].load()

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)

    def __contains__(self, name: object) -> bool:
        return name in self._listed


class Catalogue(TyperGroup):
    """All of `CATALOGUE` as the commands of one group, in sections."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes | {"commands": _LazyCommand()})

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands' names, in order."""
        del ctx
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands' help, by section."""
        del ctx
        for section in dict.fromkeys(each.section for each in CATALOGUE):
            with formatter.section(section):
                formatter.write_dl(
                    [(each.name, each.does) for each in CATALOGUE if each.section == section],
                )
