"""Find secrets that were changed without the `tokenvend` command, and say so to everybody."""

from collections.abc import Iterator
from dataclasses import dataclass

from tokenvend.domain.registry import CredentialDefinition
from tokenvend.ports import CredentialReader, CredentialStates, SecretCatalog, SecretVersion

#: Secrets Manager ends an ARN in a dash and six characters; a definition may leave them out.
_ARN_SUFFIX = 7


@dataclass(frozen=True, slots=True)
class Changed:
    """A secret that was found changed."""

    credential: str
    tenant: str | None


class Sweep:
    """Compares the version of each secret with the epoch that vending goes by."""

    def __init__(
        self,
        *,
        catalog: SecretCatalog,
        credentials: CredentialReader,
        states: CredentialStates,
    ) -> None:
        self._catalog = catalog
        self._credentials = credentials
        self._states = states

    def run(self) -> Iterator[Changed]:
        """Start a new epoch for each secret whose current version is another than was known.

        The tokens made with the former version stay valid and are replaced one by one. The epoch
        is the version's own id, so that two sweeps at once agree.

        Raises:
            StoreAwayError: Secrets Manager or the tables do not answer.
        """
        for secret in self._catalog.secrets():
            credential = self._credentials.read(secret.credential, secret.tenant)
            if not _is_used(secret, credential.definition):
                continue
            if credential.state.epoch == secret.version:
                continue
            self._states.start_epoch(secret.credential, secret.tenant, secret.version)
            yield Changed(secret.credential, secret.tenant)


def _is_used(secret: SecretVersion, definition: CredentialDefinition | None) -> bool:
    """Whether exchanges read this secret: two that claim one credential would take turns."""
    if definition is None:
        # Gone or blocked: nothing is exchanged until it is back, and then by its own secret.
        return secret.adopted_arn is None
    if definition.secret is None or secret.adopted_arn is None:
        return definition.secret is None and secret.adopted_arn is None
    return definition.secret.arn in {secret.adopted_arn, secret.adopted_arn[:-_ARN_SUFFIX]}
