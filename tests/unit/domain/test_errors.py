"""Each reason has its wire code and status, and no more than that is said."""

import pytest

from tokenvend.domain import errors
from tokenvend.domain.errors import TemporarilyUnavailableError, TokenVendError

WIRE = {
    "InvalidRequestError": (400, "invalid_request", False),
    "UnsupportedGrantTypeError": (400, "unsupported_grant_type", False),
    "SubjectTokenError": (400, "invalid_request", False),
    "InvalidClientError": (401, "invalid_client", False),
    "UnauthorizedClientError": (400, "unauthorized_client", False),
    "InvalidScopeError": (400, "invalid_scope", False),
    "InvalidTargetError": (400, "invalid_target", False),
    "InvalidGrantError": (400, "invalid_grant", False),
    "AccountChangedError": (400, "account_changed", False),
    "ProviderRefusedError": (502, "provider_refused", False),
    "CredentialNotReadyError": (502, "credential_not_ready", False),
    "TemporarilyUnavailableError": (503, "temporarily_unavailable", True),
    "ConsentRequiredError": (400, "consent_required", False),
    "TooManyRequestsError": (429, "temporarily_unavailable", True),
}


def _every_error() -> dict[str, type[TokenVendError]]:
    return {
        name: each
        for name, each in vars(errors).items()
        if isinstance(each, type)
        and issubclass(each, TokenVendError)
        and each is not TokenVendError
    }


def test_every_error_has_its_row() -> None:
    found = {
        name: (int(each.status), each.code, each.retryable) for name, each in _every_error().items()
    }

    assert found == WIRE


def test_the_tree_at_the_top_of_the_file_names_every_error() -> None:
    assert errors.__doc__
    assert all(name in errors.__doc__ for name in _every_error())


@pytest.mark.parametrize(("requested_scopes", "said"), [(-1, 1), (0, 1), (1, 1), (2, 2)])
def test_retry_after_is_at_least_a_second(requested_scopes: int, said: int) -> None:
    error = TemporarilyUnavailableError("x", rule="r", retry_after_seconds=requested_scopes)

    assert error.retry_after_seconds == said


def test_rule_is_not_a_part_of_the_text() -> None:
    error = errors.UnauthorizedClientError(rule="grant.exists", caller="billing")

    assert "grant.exists" not in str(error) + repr(error)
    assert (error.rule, error.caller) == ("grant.exists", "billing")
