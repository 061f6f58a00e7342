"""The errors of requests, as one tree.

TokenVendError
├── InvalidRequestError            the request is malformed
│   ├── UnsupportedGrantTypeError  ... or asks for a grant type that is not offered
│   └── SubjectTokenError          ... or its subject token proves nobody
├── InvalidClientError             the caller is not proven, or is blocked
├── UnauthorizedClientError        no grant, no such credential, or a block: one answer for all
├── InvalidScopeError              a malformed scope, or one beyond the ceiling
├── InvalidTargetError             an audience, resource or tenant beyond the ceiling
├── InvalidGrantError              the one-time code is not valid
│   └── AccountChangedError        ... or it is for another account than before
├── ConsentRequiredError           the user must consent, for the first time or again
├── ProviderRefusedError           the provider refuses the credential
├── CredentialNotReadyError        its secret is missing, or may not be sent to this host
└── TemporarilyUnavailableError    a dependency failed; a retry may succeed
    └── TooManyRequestsError       ... or this caller exceeds its rate limit

The wire codes are those of RFC 6749 §5.2 and RFC 8707 §2, and tokenvend's own
`account_changed`, `consent_required`, `provider_refused` and `credential_not_ready`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from tokenvend.domain.identity import Workload

#: The rule if another request is redeeming the connection's refresh token.
CONNECTION_BUSY = "connection.busy"
#: The rule if the provider did not answer, or answered with a server error.
PROVIDER_AWAY = "provider.away"
#: The rule if a table or its key did not answer.
STORE_AWAY = "store.away"


class TokenVendError(Exception):
    """A request failed or was refused.

    `description` is for the caller: it never holds a secret, a token or a provider's body.
    `rule` names the rule that decided, for the audit line. It is not sent to the caller, because
    it would distinguish refusals that must look the same to the caller.
    """

    code: ClassVar[str]
    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    retryable: ClassVar[bool] = False

    def __init__(self, description: str, *, rule: str, caller: str | None = None) -> None:
        super().__init__(description)
        self.description = description
        self.rule = rule
        self.caller = caller


class InvalidRequestError(TokenVendError):
    """The request is malformed; sending it again unchanged cannot help."""

    code = "invalid_request"


class UnsupportedGrantTypeError(InvalidRequestError):
    """The `grant_type` is not one that this entry offers."""

    code = "unsupported_grant_type"


class SubjectTokenError(InvalidRequestError):
    """The subject token is not accepted: `invalid_request` by RFC 8693 §2.2.2.

    Every token whose signature is not verified gets the same description, whatever is wrong with
    it. `workload` is the token's subject, once its signature has been verified.
    """

    def __init__(
        self,
        description: str = "The subject token is not accepted.",
        *,
        rule: str,
    ) -> None:
        super().__init__(description, rule=rule)
        self.workload: Workload | None = None


class InvalidClientError(TokenVendError):
    """The caller is not proven, or is blocked. Only the audit line says which of the two."""

    code = "invalid_client"
    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, *, rule: str, caller: str | None = None) -> None:
        super().__init__(
            "The caller is not known here, or its proof was not accepted.",
            rule=rule,
            caller=caller,
        )


class UnauthorizedClientError(TokenVendError):
    """The caller has no grant, the credential does not exist, or it or the connection is blocked.

    The description is the same for all of these.
    """

    code = "unauthorized_client"

    def __init__(self, *, rule: str, caller: str | None = None) -> None:
        super().__init__(
            "This caller has no grant for a credential of that name.", rule=rule, caller=caller
        )


class InvalidScopeError(TokenVendError):
    """A scope that is malformed, or beyond the grant's ceiling or what the provider gave (§5.2)."""

    code = "invalid_scope"


class InvalidTargetError(TokenVendError):
    """An audience, resource or tenant beyond the grant's ceiling (RFC 8707 §2)."""

    code = "invalid_target"


class InvalidGrantError(TokenVendError):
    """A one-time code that is not the connection's, was used, or has expired (RFC 6749 §5.2)."""

    code = "invalid_grant"


class AccountChangedError(InvalidGrantError):
    """The user consented with another account than the connection was for."""

    code = "account_changed"


class ConsentRequiredError(TokenVendError):
    """There is no usable connection of that name, or its user did not consent to these scopes.

    The error is the same if the connection does not exist, belongs to another caller, or has lost
    its consent.
    """

    code = "consent_required"

    def __init__(self, *, rule: str, missing_scope: str = "", caller: str | None = None) -> None:
        lacking = f" to {missing_scope}" if missing_scope else ""
        super().__init__(
            f"The user must consent{lacking}: start the connection with POST .../connections/start"
            " (direct: its action start), and send the user to the connect_url that comes back.",
            rule=rule,
            caller=caller,
        )


class ProviderRefusedError(TokenVendError):
    """The provider refused the request, or its answer cannot be used.

    `provider_error` is the provider's own `error` code (RFC 6749 §5.2) if it sent a well-formed
    one, else a short reason of ours. It is never the provider's body.
    """

    code = "provider_refused"
    status = HTTPStatus.BAD_GATEWAY

    def __init__(self, description: str, *, provider_error: str, caller: str | None = None) -> None:
        super().__init__(description, rule="provider.refused", caller=caller)
        self.provider_error = provider_error


class CredentialNotReadyError(TokenVendError):
    """The credential's secret is missing, incomplete, or not meant for this host."""

    code = "credential_not_ready"
    status = HTTPStatus.BAD_GATEWAY


class TemporarilyUnavailableError(TokenVendError):
    """A dependency failed in a way that waiting may cure.

    `retry_after_seconds` is at least 1: the `Retry-After` of the answer (RFC 9110 §10.2.3).
    """

    code = "temporarily_unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    retryable = True

    def __init__(
        self,
        description: str,
        *,
        rule: str,
        retry_after_seconds: int = 1,
        caller: str | None = None,
    ) -> None:
        super().__init__(description, rule=rule, caller=caller)
        self.retry_after_seconds = max(1, retry_after_seconds)


class TooManyRequestsError(TemporarilyUnavailableError):
    """This caller made more requests than its limit allows."""

    status = HTTPStatus.TOO_MANY_REQUESTS


def provider_away() -> TemporarilyUnavailableError:
    """Return the error of a request whose provider sent no complete response in time."""
    return TemporarilyUnavailableError("The provider did not answer in time.", rule=PROVIDER_AWAY)


def store_unavailable(which: str = "The tables do not answer") -> TemporarilyUnavailableError:
    """Return the error of a request that needs a table which does not answer; *which* says so."""
    return TemporarilyUnavailableError(f"{which}; ask again.", rule=STORE_AWAY)
