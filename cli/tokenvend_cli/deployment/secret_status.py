"""The name and the status of a provider secret, without its value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tokenvend.adapters.secrets_manager import DEPLOYMENT_TAG, HOST_TAG
from tokenvend.domain.credential_state import UNKNOWN_STATE, CredentialState
from tokenvend.domain.names import NAME, TENANT
from tokenvend_cli.problems import UsageError


@dataclass(frozen=True, slots=True)
class SecretName:
    """`credential` or `credential/tenant`, as it is typed."""

    credential: str
    tenant: str | None = None

    def __str__(self) -> str:
        return self.credential if self.tenant is None else f"{self.credential}/{self.tenant}"


def parse_secret_name(text: str) -> SecretName:
    """Parse `credential` or `credential/tenant`.

    Raises:
        UsageError: it is neither.
    """
    credential, slash, tenant = text.partition("/")
    if NAME.fullmatch(credential) is None or (slash and TENANT.fullmatch(tenant) is None):
        raise UsageError("give the name of a credential in the file, or CREDENTIAL/TENANT")
    return SecretName(credential, tenant if slash else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretStatus:
    """A secret as it was found.

    `secret_id` is its ARN where it is the user's own, else its name. `needed` are the tags
    that it should have, `found` those that it carries; `None` if there is no secret.
    `arn` is its whole ARN, suffix and all; `key_arn` names its customer key, if it has one;
    `version` is the id of its current version.
    `state` is what vending knows of it: nothing, where it was not asked for.
    """

    name: SecretName
    secret_id: str
    needed: Mapping[str, str]
    found: Mapping[str, str] | None = None
    changed_at: datetime | None = None
    arn: str | None = None
    key_arn: str | None = None
    version: str = ""
    state: CredentialState = UNKNOWN_STATE

    @property
    def exists(self) -> bool:
        """Whether there is a secret."""
        return self.found is not None

    @property
    def wanted_host(self) -> str:
        """Return the host to which the deployed definition would send it."""
        return self.needed[HOST_TAG]

    @property
    def host(self) -> str | None:
        """Return the host to which it may be sent, as recorded in its tags."""
        return (self.found or {}).get(HOST_TAG)

    @property
    def is_ours(self) -> bool:
        """Whether it is marked as this deployment's."""
        return (self.found or {}).get(DEPLOYMENT_TAG) == self.needed[DEPLOYMENT_TAG]

    @property
    def is_tagged(self) -> bool:
        """Whether it carries every tag that it needs."""
        return self.found is not None and self.needed.items() <= self.found.items()

    @property
    def is_ready(self) -> bool:
        """Whether an exchange can be made with it."""
        return self.is_ours and self.host == self.wanted_host
