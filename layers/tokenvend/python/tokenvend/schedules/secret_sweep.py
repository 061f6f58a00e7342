"""Find secrets that were changed elsewhere, and credentials that their providers refuse."""

from collections.abc import Iterator
from dataclasses import dataclass

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.ports import Clock, CredentialReader, CredentialStates, SecretCatalog, SecretVersion

#: Secrets Manager ends an ARN in a dash and six characters; a definition may leave them out.
_ARN_SUFFIX = 7


@dataclass(frozen=True, slots=True)
class SweptSecret:
    """One secret in use, as the sweep found it.

    `is_changed`: it has another version than vending knew. `is_refused`: the provider refuses the
    credential, and no exchange has succeeded since. `is_away`: the provider has not answered for a
    while, and no exchange has succeeded since.
    """

    credential: str
    tenant: str | None
    is_changed: bool
    is_refused: bool
    is_away: bool


class SecretSweep:
    """Compares the version of each secret with the secret generation that vending knows."""

    def __init__(
        self,
        *,
        catalog: SecretCatalog,
        credentials: CredentialReader,
        states: CredentialStates,
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._credentials = credentials
        self._states = states
        self._clock = clock

    def run(self, secret_id: str | None = None) -> Iterator[SweptSecret]:
        """Start a new generation for each secret whose current version is not the known one.

        With *secret_id*, the name or ARN of a secret, only that one is looked at, if it belongs to
        this deployment. Tokens of the former version stay valid and are replaced one by one. The
        generation is the version's own id, so that two sweeps at once agree.

        Raises:
            StoreAwayError: Secrets Manager or the tables do not answer.
        """
        found = self._catalog.secrets() if secret_id is None else self._catalog.secret(secret_id)
        for secret in found:
            credential = self._credentials.read(secret.credential, secret.tenant)
            if not _is_used(secret, credential.definition):
                continue
            state = credential.state
            is_changed = state.secret_generation != secret.version
            if is_changed:
                self._states.start_secret_generation(
                    secret.credential, secret.tenant, secret.version
                )
            yield SweptSecret(
                secret.credential,
                secret.tenant,
                is_changed=is_changed,
                is_refused=not is_changed and state.failure is not None,
                is_away=(
                    not is_changed
                    and state.outage is not None
                    and state.outage.is_lasting(self._clock.now())
                ),
            )


def _is_used(secret: SecretVersion, definition: CredentialDefinition | None) -> bool:
    """Whether exchanges read this secret: two that claim one credential would take turns."""
    if definition is None:
        # The definition is gone or blocked. If it comes back, exchanges use its own secret.
        return secret.adopted_arn is None
    if definition.secret is None or secret.adopted_arn is None:
        return definition.secret is None and secret.adopted_arn is None
    return definition.secret.arn in {secret.adopted_arn, secret.adopted_arn[:-_ARN_SUFFIX]}
