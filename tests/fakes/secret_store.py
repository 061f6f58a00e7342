"""Provider secrets in memory."""

from dataclasses import dataclass, field

from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import CredentialDefinition
from tokenvend.ports import SecretUnusableError, StoreAwayError


@dataclass
class FakeSecretStore:
    """`ports.SecretStore`: a secret per credential, or per credential and tenant."""

    secrets: dict[tuple[str, str | None], ProviderSecret] = field(default_factory=dict)
    is_away: bool = False
    reads: int = 0

    def read(self, definition: CredentialDefinition, tenant: str | None) -> ProviderSecret:
        self.reads += 1
        if self.is_away:
            raise StoreAwayError("Secrets Manager does not answer")
        secret = self.secrets.get((definition.name, tenant))
        if secret is None:
            label = definition.name if tenant is None else f"{definition.name}/{tenant}"
            raise SecretUnusableError(
                f"The secret of {label} does not exist. Write it with: tokenvend secret put {label}"
            )
        client_id = definition.client_id or secret.client_id
        return ProviderSecret(client_id, secret.client_secret, secret.allowed_host)
