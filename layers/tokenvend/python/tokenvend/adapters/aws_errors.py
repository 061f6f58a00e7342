"""AWS's errors, told apart once."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from tokenvend.ports import StoreAwayError, StoreThrottledError

_THROTTLED = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
    }
)
CONDITION_FAILED = "ConditionalCheckFailedException"


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
        StoreThrottledError, StoreAwayError: without AWS's message, which may quote the request.
    """
    try:
        yield
    except ClientError as error:
        if is_throttling(error):
            raise StoreThrottledError(f"{what} was throttled") from None
        raise StoreAwayError(f"{what} failed with {error_code(error)}") from None
    except BotoCoreError as error:
        raise StoreAwayError(f"{what} failed with {type(error).__name__}") from None
