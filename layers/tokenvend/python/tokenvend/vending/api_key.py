"""Vend an API key, which needs no exchange and is never copied to the tokens table."""

from tokenvend.domain import bounds
from tokenvend.domain.decision import Decision
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.token import AccessToken, LifetimeSource
from tokenvend.ports import Clock, SecretStore
from tokenvend.vending.provider_secret import read_secret


class ApiKeys:
    """Reads the key from Secrets Manager. Only `Memory` remembers it, for `memory_seconds`."""

    def __init__(self, *, secrets: SecretStore, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock

    def read(self, decision: Decision, *, secret_generation: str) -> AccessToken:
        """Read the current key.

        A key does not expire. The answer says when to ask again instead, so that a caller that
        keeps the key until then learns of a changed one too.

        Raises:
            CredentialNotReadyError: it is missing, or is not one to hand out.
            TemporarilyUnavailableError: Secrets Manager does not answer.
        """
        definition, now = decision.definition, self._clock.now()
        if not definition.api_request:
            raise CredentialNotReadyError(
                "The credential's definition names no header for the key.",
                rule="api_key.header",
            )
        # Imported here: only a read of a static credential needs it.
        from tokenvend.domain.api_request import present

        secret = read_secret(self._secrets, definition, decision.spec.tenant)
        presented = present(definition, secret)
        return AccessToken(
            access_token=presented.access_token,
            scopes=NO_SCOPES,
            requested_at=now,
            expires_at=now + bounds.API_KEY_LIFETIME,
            secret_generation=secret_generation,
            lifetime_source=LifetimeSource.DEFAULT,
            sent_as=presented.sent_as,
        )
