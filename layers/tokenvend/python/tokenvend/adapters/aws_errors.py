"""AWS's errors, told apart once.

    no answer, a broken one, 5xx    StoreAwayError         an outage: memory may answer
    throttled                       StoreThrottledError    it is there, and busy
    any other 4xx                   AwsRefusedError        a mistake: waiting cures nothing

A missing permission or a disabled key is no outage. Were it one, an operator who disables the
key to stop vending would be answered from memory for as long as an outage may last.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

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
#: 4xx by number, yet only a call that did not come through in time.
_TRANSIENT = frozenset({"RequestTimeout", "RequestTimeoutException"})


class AwsRefusedError(Exception):
    """AWS refuses the call itself: a permission, a name or a setting is wrong.

    The text has the call and AWS's code. AWS's own message may quote the request, so it is
    left out, here and from the traceback.
    """


def error_code(error: ClientError) -> str:
    """AWS's own code for *error*."""
    return error.response.get("Error", {}).get("Code", "")


def is_throttling(error: ClientError) -> bool:
    """Whether AWS asked for patience: it is there."""
    return error_code(error) in _THROTTLED


@contextmanager
def store_errors(what: str) -> Iterator[None]:
    """Turn boto3's errors into the ports' errors. *what* names the call for the log.

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
    if is_throttling(error):
        return StoreThrottledError(f"{what} was throttled")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _TRANSIENT:
        return StoreAwayError(f"{what} failed with {code}")
    return AwsRefusedError(f"{what} was refused with {code}")
