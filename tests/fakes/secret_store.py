"""Provider secrets in memory."""

from dataclasses import dataclass, field, replace

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.token import SecretStage
from tokenvend.ports import SecretUnusableError, StoreAwayError


@dataclass
class FakeSecretStore:
    """`ports.SecretStore`: a secret per credential, or per credential and tenant.

    `pending` holds those that a rotation has not made current yet.
    """

    secrets: dict[tuple[str, str | None], ProviderSecret] = field(default_factory=dict)
    pending: dict[tuple[str, str | None], ProviderSecret] = field(default_factory=dict)
    is_away: bool = False
    reads: int = 0

    def read(
        self,
        definition: CredentialDefinition,
        tenant: str | None,
        *,
        stage: SecretStage = SecretStage.CURRENT,
    ) -> ProviderSecret:
        self.reads += 1
        if self.is_away:
            raise StoreAwayError("Secrets Manager does not answer")
        held = self.secrets if stage is SecretStage.CURRENT else self.pending
        secret = held.get((definition.name, tenant))
        if secret is None:
            label = definition.name if tenant is None else f"{definition.name}/{tenant}"
            raise SecretUnusableError(
                f"The secret of {label} does not exist. Write it with: tokenvend secret put {label}"
            )
        client_id = definition.client_id or secret.client_id
        return replace(secret, client_id=client_id)
