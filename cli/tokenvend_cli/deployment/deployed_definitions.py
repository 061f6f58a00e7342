"""Read the definitions of credentials, as they are deployed."""

from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.adapters.dynamodb.registry_items import SETTINGS, credential_pk
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend_cli.deployment.kinds import ItemKind, kind_of
from tokenvend_cli.deployment.registry_table import RegistryTable
from tokenvend_cli.deployment.secret_status import SecretName
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.problems import CommandError, UsageError


class DeployedDefinitions:
    """The credentials' definitions in the registry of one deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._registry = RegistryTable(
            deployment.client("dynamodb"), deployment.output("RegistryTableName")
        )

    def named(self, credential: str) -> CredentialDefinition:
        """Return the definition of *credential*.

        Raises:
            CommandError: there is none.
        """
        item = self._registry.get(credential_pk(credential), SETTINGS)
        if item is None:
            raise CommandError(
                f"there is no credential {credential} in the deployment: add it to the file, then"
                " run `tokenvend apply`"
            )
        return parse_definition(item.document)

    def of_secret(self, name: SecretName) -> CredentialDefinition:
        """Return the definition that the secret *name* belongs to.

        Raises:
            CommandError: there is none, or the tenant does not fit it.
        """
        definition = self.named(name.credential)
        if definition.family and name.tenant is None:
            raise UsageError(
                f"{name} is a family, with one secret for each tenant: give {name}/TENANT"
            )
        if not definition.family and name.tenant is not None:
            raise UsageError(
                f"{name.credential} is no family, so it has no tenants: give the name without"
                f" /{name.tenant}"
            )
        return definition

    def all(self) -> list[CredentialDefinition]:
        """Return every definition."""
        items = self._registry.read().items
        return [
            parse_definition(each.document)
            for each in items
            if kind_of(each) is ItemKind.CREDENTIAL
        ]
