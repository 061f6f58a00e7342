"""Find secrets that were changed without the `tokenvend` command, and say so to everybody."""

from collections.abc import Iterator
from dataclasses import dataclass

from tokenvend.ports import CredentialReader, CredentialStates, SecretCatalog


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
            known = self._credentials.read(secret.credential, secret.tenant).state.epoch
            if known == secret.version:
                continue
            self._states.start_epoch(secret.credential, secret.tenant, secret.version)
            yield Changed(secret.credential, secret.tenant)
