"""Translate AWS's errors into the ports' errors.

    no or a broken answer, 5xx    StoreAwayError         an outage: memory may answer
    throttled                     StoreThrottledError    the service is busy, but not away
    any other 4xx                 AwsRefusedError        a mistake: waiting does not help

A missing permission or a disabled key is no outage. If it were, memory would continue to answer
for `OutageGraceSeconds` after an operator has disabled the key to stop vending.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from http import HTTPStatus
from typing import Any, assert_never

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from tokenvend.ports import StoreAwayError, StoreThrottledError

CONDITION_FAILED = "ConditionalCheckFailedException"

_THROTTLED = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
    }
)
#: These codes have a 4xx status, but mean that the request did not arrive in time.
_TRANSIENT = frozenset({"RequestTimeout", "RequestTimeoutException"})


#: Error codes that are part of normal work, so they do not count as a failure of the service.
_ANSWERS = {
    "dynamodb": frozenset({CONDITION_FAILED, "TransactionCanceledException"}),
    # A stored data key was altered: this is counted as an untrusted item.
    "kms": frozenset({"IncorrectKeyException", "InvalidCiphertextException"}),
    # A secret is missing or is being deleted: the credential is not ready.
    "secretsmanager": frozenset({"InvalidRequestException", "ResourceNotFoundException"}),
    "lambda": frozenset({"ResourceNotFoundException"}),
}


class AwsFailure(StrEnum):
    """How a call to AWS failed."""

    AWAY = "away"
    THROTTLED = "throttled"
    REFUSED = "refused"


class AwsRefusedError(Exception):
    """AWS refuses the call itself: a permission, a name or a setting is wrong.

    The text has the call and AWS's code. AWS's own message may quote the request, so neither
    the text nor the traceback has it.
    """


def error_code(error: ClientError) -> str:
    """Return AWS's code for *error*; empty if it has none."""
    return error.response.get("Error", {}).get("Code", "")


def is_throttling(error: ClientError) -> bool:
    """Whether AWS throttled the call."""
    return error_code(error) in _THROTTLED


def failure_in(service: str, answer: Mapping[str, Any]) -> tuple[AwsFailure, str] | None:
    """Return the kind of failure in a parsed *answer* of *service*, and AWS's error code.

    `None` for a success, and for an error that is part of normal work, as a failed condition is.
    """
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = answer.get("Error", {}).get("Code", "")
    if status < HTTPStatus.BAD_REQUEST or code in _ANSWERS.get(service, ()):
        return None
    return _kind_of(code, status), code


@contextmanager
def store_errors(what: str) -> Iterator[None]:
    """Translate botocore's errors into the ports' errors. *what* names the call in the text.

    Raises:
        StoreThrottledError, StoreAwayError, AwsRefusedError: see the top of this module.
    """
    try:
        yield
    except ClientError as error:
        raise _translated(what, error) from None
    except ParamValidationError:
        # botocore's text quotes the parameters.
        raise AwsRefusedError(f"{what} was called with a malformed parameter") from None
    except BotoCoreError as error:
        raise StoreAwayError(f"{what} failed with {type(error).__name__}") from None


def _translated(what: str, error: ClientError) -> Exception:
    code = error_code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    match _kind_of(code, status):
        case AwsFailure.THROTTLED:
            return StoreThrottledError(f"{what} was throttled")
        case AwsFailure.AWAY:
            return StoreAwayError(f"{what} failed with {code}")
        case AwsFailure.REFUSED:
            return AwsRefusedError(f"{what} was refused with {code}")
        case unreachable:
            assert_never(unreachable)


def _kind_of(code: str, status: int) -> AwsFailure:
    if code in _THROTTLED:
        return AwsFailure.THROTTLED
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _TRANSIENT:
        return AwsFailure.AWAY
    return AwsFailure.REFUSED
