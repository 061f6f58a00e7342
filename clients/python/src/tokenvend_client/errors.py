"""Every way in which a call can end without a token.

TokenvendError
├── ConfigurationError             the client's settings do not lead to a tokenvend
├── RefusedError                   tokenvend refuses, until somebody changes something
│   ├── CallerNotProvenError       it does not know this caller, or has blocked it
│   ├── ConsentRequiredError       the user must consent, or consent again
│   ├── AccountChangedError        the user consented with another account than before
│   └── ProviderRefusedError       the provider, or tokenvend's own secret for it, is the reason
└── TemporarilyUnavailableError    a later try may succeed

No error holds a token, a secret or the body of an answer.
"""

from dataclasses import dataclass
from typing import ClassVar


class TokenvendError(Exception):
    """A call that failed.

    `code` is the answer's `error` (RFC 6749 §5.2); `description` is for people.
    """

    retryable: ClassVar[bool] = False

    def __init__(self, description: str, *, code: str = "") -> None:
        super().__init__(f"{code}: {description}" if code else description)
        self.code = code
        self.description = description

    def __reduce__(self) -> tuple[object, ...]:
        return (_restored, (type(self), self.args, dict(vars(self))))


class ConfigurationError(TokenvendError):
    """The client's settings do not lead to a tokenvend."""


class RefusedError(TokenvendError):
    """tokenvend refused: `unauthorized_client`, `invalid_scope`, `invalid_target` and others."""


class CallerNotProvenError(RefusedError):
    """tokenvend does not know this caller, or has blocked it (`invalid_client`).

    Or this workload found no credentials or token to prove itself with (`no_proof`).
    """


class ConsentRequiredError(RefusedError):
    """The user must consent: start the connection and send the user to its `connect_url`."""


class AccountChangedError(RefusedError):
    """The user consented with another account: ask which one is meant."""


class ProviderRefusedError(RefusedError):
    """The provider refused tokenvend's credential, or its secret is not ready.

    `provider_error` is the provider's own `error` code, or empty.
    """

    def __init__(self, description: str, *, code: str = "", provider_error: str = "") -> None:
        super().__init__(description, code=code)
        self.provider_error = provider_error


class TemporarilyUnavailableError(TokenvendError):
    """tokenvend, its network or the provider is away, or this caller asked too often.

    `retry_after_seconds` says when to try again; the client itself does not try sooner.
    """

    retryable = True

    def __init__(self, description: str, *, code: str = "", retry_after_seconds: float = 1) -> None:
        super().__init__(description, code=code)
        self.retry_after_seconds = retry_after_seconds


#: The client's own code: this workload has no credentials or token to prove itself with.
NO_PROOF = "no_proof"
_REFUSALS: dict[str, type[RefusedError]] = {
    "invalid_client": CallerNotProvenError,
    NO_PROOF: CallerNotProvenError,
    "consent_required": ConsentRequiredError,
    "account_changed": AccountChangedError,
}
_PROVIDER_CODES = frozenset({"provider_refused", "credential_not_ready"})
_FORBIDDING = frozenset(
    {
        *("invalid_client", "unauthorized_client", "consent_required"),
        *("invalid_scope", "invalid_target"),
    }
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call failed, as a value, from which each waiting caller raises an error of its own.

    `retry_after_seconds` is what the answer said, `None` if it said nothing.
    """

    description: str
    code: str = "temporarily_unavailable"
    retryable: bool = True
    retry_after_seconds: float | None = None
    provider_error: str = ""

    @classmethod
    def of_proof(cls, description: str) -> "Failure":
        """Return the failure of a workload without credentials or token to prove itself with."""
        return cls(description, NO_PROOF, retryable=False)

    @property
    def forbids(self) -> bool:
        """Whether tokenvend denies this caller the token, so that a cached one must be dropped."""
        return not self.retryable and self.code in _FORBIDDING

    def error(self, *, retry_after_seconds: float = 1) -> TokenvendError:
        """Return a new error, to be raised by one caller."""
        if self.retryable:
            return TemporarilyUnavailableError(
                self.description,
                code=self.code,
                retry_after_seconds=max(retry_after_seconds, self.retry_after_seconds or 0),
            )
        if self.code in _PROVIDER_CODES:
            return ProviderRefusedError(
                self.description, code=self.code, provider_error=self.provider_error
            )
        return _REFUSALS.get(self.code, RefusedError)(self.description, code=self.code)


def _restored(
    kind: type[TokenvendError], args: tuple[object, ...], fields: dict[str, object]
) -> TokenvendError:
    error = kind.__new__(kind, *args)
    error.args = args
    vars(error).update(fields)
    return error
