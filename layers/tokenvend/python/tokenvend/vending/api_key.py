"""Hand out an API key: no exchange, no lease, and never a copy in the tokens table."""

from tokenvend.domain import bounds
from tokenvend.domain.decision import Decision
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.token import AccessToken, LifetimeSource
from tokenvend.ports import Clock, SecretStore
from tokenvend.vending.secret import read_secret


class ApiKeys:
    """Reads the key where it is kept. Only `Memory` remembers it, for `memory_seconds`."""

    def __init__(self, *, secrets: SecretStore, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock

    def read(self, decision: Decision, *, epoch: str) -> AccessToken:
        """The current key.

        A key does not expire. What a caller is told instead is when to ask again, so that one
        which keeps what it got until then learns of a changed key too.

        Raises:
            CredentialNotReadyError: it is missing, or is not one to hand out.
            TemporarilyUnavailableError: Secrets Manager is away.
        """
        header = decision.definition.api_key_header
        if header is None:
            raise CredentialNotReadyError(
                "The definition does not say in which header the key is sent.",
                rule="api_key.header",
            )
        now = self._clock.now()
        secret = read_secret(self._secrets, decision.definition, decision.spec.tenant)
        return AccessToken(
            access_token=secret.client_secret,
            scopes=NO_SCOPES,
            requested_at=now,
            expires_at=now + bounds.API_KEY_LIFETIME,
            epoch=epoch,
            lifetime_source=LifetimeSource.DEFAULT,
            header=header,
        )
