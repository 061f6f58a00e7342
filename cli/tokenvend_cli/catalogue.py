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
        "Check the file for mistakes, before you plan. It asks neither AWS nor an issuer.",
    ),
    Listed(
        *(_FILE, "plan", "plan:plan"),
        "Show what `apply` would change in the deployment. It changes nothing.",
    ),
    Listed(
        *(_FILE, "apply", "plan:apply"),
        "Change the deployment to match the file, after each change of the file or the stack.",
    ),
    Listed(
        *(_FILE, "explain", "explain:explain"),
        "Show whether a caller would get a token, and which rule decides. Exits with 1 if not.",
    ),
    Listed(
        *(_FILE, "schema", "plan:schema"),
        "Print the JSON Schema of the file, so that your editor can check it.",
    ),
    Listed(
        *(_FILE, "probe", "probe:probe"),
        "Measure how a provider behaves, and suggest lines for the file.",
    ),
    Listed(
        *(_FILE, "providers", "providers:app"),
        "Look up which providers have a profile, and what is known of each.",
    ),
    Listed(
        _SECRETS,
        "secret",
        "secret:app",
        "Store the secrets that providers gave you, and see their state.",
    ),
    Listed(
        _SECRETS,
        "caller",
        "caller:app",
        "List callers, and issue secrets to those that are OAuth clients.",
    ),
    Listed(
        *(_SECRETS, "connections", "connections:app"),
        "List, import and end the connections of users who consented.",
    ),
    Listed(
        *(_KILL_SWITCH, "block", "block:block"),
        "Stop a caller, credential, connection or OAuth client now, until you unblock it.",
    ),
    Listed(
        *(_KILL_SWITCH, "unblock", "block:unblock"),
        "Lift a block, so that the same caller, credential, connection or client works again.",
    ),
    Listed(*(_KILL_SWITCH, "blocks", "block:blocks"), "List what is blocked, since when and why."),
    Listed(
        *(_KILL_SWITCH, "revoke", "revoke:revoke"),
        "Have the provider revoke a token, for example after a leak. Give it on standard input.",
    ),
    Listed(
        *(_AFTER_A_LOSS, "restore", "restore:app"),
        "Bring back client secrets, blocks and connections from a restored table.",
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
