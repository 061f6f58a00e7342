"""The whole way from a file to what it means: read, find the providers, check."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tokenvend.adapters.dynamodb.registry_items import RegistryItem
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.load import ConfigurationFile, load_configuration
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import Discover, Provider, resolve_providers
from tokenvend_cli.configuration.semantics import notices_of, problems_of
from tokenvend_cli.problems import Problem


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file in which nothing needs mending, with its providers as they will be pinned."""

    file: ConfigurationFile
    providers: dict[str, Provider]

    @property
    def configuration(self) -> ConfigurationModel:
        """What the file says."""
        return self.file.configuration

    @property
    def notices(self) -> list[Problem]:
        """What is worth knowing although nothing is wrong."""
        return notices_of(self.configuration)

    @property
    def items(self) -> list[RegistryItem]:
        """The registry's items that the file stands for."""
        return compile_registry(self.configuration, self.providers)


def check_file(path: Path, discover: Discover, *, local_stack: bool) -> CheckedFile:
    """The file at *path*; only the *local_stack* may have providers on the loopback interface.

    Raises:
        CommandError: it cannot be read.
        ConfigurationError: with every problem in it.
    """
    file = load_configuration(path)
    providers, unresolved = resolve_providers(
        file.configuration.providers, discover, local_stack=local_stack
    )
    found = problems_of(file.configuration, providers, now=datetime.now(UTC))
    file.refuse([*unresolved, *found])
    return CheckedFile(file, providers)
