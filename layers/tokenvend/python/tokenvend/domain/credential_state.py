"""What all environments know of a credential's (or tenant's) secret at the provider."""

from dataclasses import dataclass

from tokenvend.domain.errors import ProviderRefusedError, TemporarilyUnavailableError
from tokenvend.domain.failure import Failure

#: The provider's word against the client itself, whatever token it asked for (RFC 6749 §5.2).
_AGAINST_THE_CLIENT = frozenset({"invalid_client", "unauthorized_client", "http_401"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialState:
    """`epoch` names the state of the secret; it is empty until the secret has been changed once.

    `failure` is the newest refusal of the credential as a whole, for every token of it. A new
    epoch comes without it: a changed secret deserves a try at once.
    """

    epoch: str = ""
    failure: Failure | None = None


UNKNOWN = CredentialState()


def concerns_credential(error: Exception) -> bool:
    """Whether *error* would meet every token of the credential, not only the one asked for."""
    if isinstance(error, ProviderRefusedError):
        return error.provider_error in _AGAINST_THE_CLIENT
    return isinstance(error, TemporarilyUnavailableError) and error.rule == "provider.rate"
