"""The whole way from a file to what it means: read, find the providers, check."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tokenvend.adapters.dynamodb.registry_items import RegistryItem
from tokenvend_cli.configuration.compile import compile_registry
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
    """A file in which nothing needs mending, with its providers as they will be pinned."""

    file: ConfigurationFile
    providers: dict[str, Provider]
    jwks_uris: dict[str, str]
    deployment_url: str | None = None

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
        return compile_registry(
            self.configuration,
            self.providers,
            jwks_uris=self.jwks_uris,
            deployment_url=self.deployment_url,
        )


#: How the issuers in a file are asked.
type Choose = Callable[[ConfigurationModel], Discover]


def check_file(
    path: Path,
    choose: Choose,
    *,
    local_stack: bool,
    find_keys: FindKeys = not_fetched,
    deployment_url: str | None = None,
) -> CheckedFile:
    """The file at *path*; only the *local_stack* may have providers on the loopback interface.

    *choose* says how its providers' issuers are asked, *find_keys* how those of workloads;
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
    return CheckedFile(file, providers, jwks_uris, deployment_url)


def only_for(credential: str, discover: Discover) -> Choose:
    """Ask the issuer of *credential*'s provider alone; what the others would say is not needed."""

    def choose(configuration: ConfigurationModel) -> Discover:
        model = configuration.credentials.get(credential)
        provider = configuration.providers.get(model.provider) if model else None
        wanted = issuer_of(provider) if provider else None
        return lambda issuer: discover(issuer) if issuer == wanted else undiscovered(issuer)

    return choose
