"""Use the pinned metadata of an issuer that is away, and name the credentials that need it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import Discover, Provider, issuer_of, undiscovered
from tokenvend_cli.problems import IssuerAwayError


@dataclass(frozen=True, slots=True)
class PatientDiscovery:
    """Reads metadata with `discover`; if the issuer is away, takes the `pinned` metadata.

    `away` holds the reason for each issuer that did not answer.
    """

    discover: Discover
    pinned: Mapping[str, CredentialDefinition]
    away: dict[str, str] = field(default_factory=dict)

    def choose(self, configuration: ConfigurationModel) -> Discover:
        """Return the discovery for the issuers of *configuration*: see `check_file`."""
        names = {
            issuer: name
            for name, model in configuration.providers.items()
            if (issuer := issuer_of(model)) is not None
        }

        def ask(issuer: str) -> Provider:
            try:
                return self.discover(issuer)
            except IssuerAwayError as error:
                self.away[issuer] = str(error)
                return self._stand_in(names.get(issuer, ""), issuer)

        return ask

    def unchecked(self, configuration: ConfigurationModel) -> dict[str, list[str]]:
        """Return the credentials of each issuer that is away."""
        found: dict[str, list[str]] = {issuer: [] for issuer in self.away}
        for name, credential in configuration.credentials.items():
            issuer = issuer_of(configuration.providers[credential.provider])
            if issuer in found:
                found[issuer].append(name)
        return found

    def _stand_in(self, provider: str, issuer: str) -> Provider:
        found = undiscovered(issuer)
        for definition in self.pinned.values():
            if definition.provider == provider and definition.token_endpoint:
                found = _as_pinned(found, definition)
        return found


def _as_pinned(provider: Provider, definition: CredentialDefinition) -> Provider:
    """Return *provider* with the values of the deployed *definition*, but not its issuer's name."""
    found = replace(
        provider,
        token_endpoint=definition.token_endpoint,
        client_authentication=definition.client_authentication,
        revocation_endpoint=definition.revocation_endpoint,
    )
    authorization = definition.authorization
    if authorization is None:
        return found
    return replace(
        found,
        authorization_endpoint=authorization.endpoint,
        requires_iss=authorization.requires_iss,
    )
