"""Read the file, find its providers' endpoints, and check that it can be applied."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tokenvend.adapters.dynamodb.registry_items import RegistryItem
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.item_limits import item_problems
from tokenvend_cli.configuration.jwks_uris import FindKeys, not_fetched, resolve_jwks_uris
from tokenvend_cli.configuration.load import ConfigurationFile, load_configuration
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import (
    Discover,
    Provider,
    issuer_of,
    resolve_providers,
    undiscovered,
)
from tokenvend_cli.configuration.semantics import notices_of, problems_of
from tokenvend_cli.problems import Problem


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file without problems, with its providers as they will be pinned."""

    file: ConfigurationFile
    providers: dict[str, Provider]
    jwks_uris: dict[str, str]
    deployment_url: str | None = None

    @property
    def configuration(self) -> ConfigurationModel:
        """The file's content."""
        return self.file.configuration

    @property
    def notices(self) -> list[Problem]:
        """Return remarks on the file that are no problems."""
        return notices_of(self.configuration)

    @property
    def items(self) -> list[RegistryItem]:
        """Compile the file into the registry's items."""
        return compile_registry(
            self.configuration,
            self.providers,
            jwks_uris=self.jwks_uris,
            deployment_url=self.deployment_url,
        )


#: Chooses how the metadata of the issuers in a file is read.
type Choose = Callable[[ConfigurationModel], Discover]


def check_file(
    path: Path,
    choose: Choose,
    *,
    local_stack: bool,
    find_keys: FindKeys = not_fetched,
    deployment_url: str | None = None,
) -> CheckedFile:
    """Check the file at *path*; only the *local_stack* may have providers on loopback.

    *choose* selects how providers' issuers are read, *find_keys* how those of workloads are;
    *deployment_url* is where it will be deployed.

    Raises:
        CommandError: it cannot be read.
        ConfigurationError: with every problem in it.
    """
    file = load_configuration(path)
    providers, unresolved = resolve_providers(
        file.configuration.providers, choose(file.configuration), local_stack=local_stack
    )
    found = problems_of(file.configuration, providers, now=datetime.now(UTC))
    jwks_uris, unknown = resolve_jwks_uris(
        file.configuration.issuers, find_keys, local_stack=local_stack
    )
    file.refuse([*unresolved, *unknown, *found])
    checked = CheckedFile(file, providers, jwks_uris, deployment_url)
    # Only a file without these problems can be compiled.
    file.refuse(item_problems(file.configuration, checked.items))
    return checked


def only_for(credential: str, discover: Discover) -> Choose:
    """Read the metadata of *credential*'s issuer only."""

    def choose(configuration: ConfigurationModel) -> Discover:
        model = configuration.credentials.get(credential)
        provider = configuration.providers.get(model.provider) if model else None
        wanted = issuer_of(provider) if provider else None
        return lambda issuer: discover(issuer) if issuer == wanted else undiscovered(issuer)

    return choose
