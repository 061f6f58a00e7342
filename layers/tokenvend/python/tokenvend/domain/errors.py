"""Every way in which a request can end without a token.

TokenVendError
├── InvalidRequestError            the request is malformed
│   ├── UnsupportedGrantTypeError  ... or asks for a grant type that is not offered
│   └── SubjectTokenError          ... or its subject token proves nobody
├── InvalidClientError             the caller is not proven, or is blocked
├── UnauthorizedClientError        no grant, or no such credential: the same from outside
├── InvalidScopeError              a malformed scope, or one beyond the ceiling
├── InvalidTargetError             an audience, resource or tenant beyond the ceiling
├── InvalidGrantError              a one-time code that completes nothing
│   └── AccountChangedError        ... because it is another account than before
├── ConsentRequiredError           the user must consent, for the first time or again
├── ProviderRefusedError           the provider refuses the credential
├── CredentialNotReadyError        its secret is missing, or may not be sent to this host
└── TemporarilyUnavailableError    waiting may cure it
    └── TooManyRequestsError       ... because this caller asked too often

The wire codes are those of RFC 6749 §5.2 and RFC 8707 §2, and tokenvend's own
`account_changed`, `consent_required`, `provider_refused` and `credential_not_ready`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from tokenvend.domain.identity import Workload

#: The rule of a refusal because another request redeems the connection's refresh token.
CONNECTION_BUSY = "connection.busy"
#: The rule of a failure because the provider did not answer, or answered with a failure.
PROVIDER_AWAY = "provider.away"


class TokenVendError(Exception):
    """A request that got no token.

    `description` is for the caller: it never holds a secret, a token or a provider's body.
    `rule` names the rule that decided, for the audit line; it is not sent to the caller,
    because two refusals that must look the same from outside differ in it.
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
    """The subject token is not accepted: RFC 8693 §2.2.2 has `invalid_request` for that.

    What the issuer did not sign gets one text, whatever is wrong with it. `workload` is who the
    token is about, once its signature has been verified.
    """

    def __init__(
        self,
        description: str = "The subject token is not one that is accepted here.",
        *,
        rule: str,
    ) -> None:
        super().__init__(description, rule=rule)
        self.workload: Workload | None = None


class InvalidClientError(TokenVendError):
    """The caller is not proven or is blocked. Which of the two is only in the audit line."""

    code = "invalid_client"
    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, *, rule: str, caller: str | None = None) -> None:
        super().__init__(
            "The caller is not known here, or its proof was not accepted.",
            rule=rule,
            caller=caller,
        )


class UnauthorizedClientError(TokenVendError):
    """No grant for this credential, or no such credential: one text for both."""

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
    """There is no connection of that name to vend from, or not with these scopes.

    It looks the same whether there is none, it is somebody else's, or its consent is lost.
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
    """The provider's answer is an error, or one that must not be passed on.

    `provider_error` is the provider's own `error` code (RFC 6749 §5.2) where it sent a
    well-formed one, else a short reason of ours; never its body.
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
    """This caller asked more often than its limit allows."""

    status = HTTPStatus.TOO_MANY_REQUESTS
