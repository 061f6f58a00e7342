"""This workload's own AWS credentials: from the environment, or as botocore finds them."""

import os
import threading
from collections.abc import Callable
from typing import Any

from tokenvend_client.aws.sigv4 import AwsCredentials
from tokenvend_client.errors import Failure
from tokenvend_client.secret import Secret

#: Gives the credentials to sign the next request with, or says why there are none.
CredentialSource = Callable[[], AwsCredentials | Failure]

_NONE_FOUND = Failure(
    "There are no AWS credentials in the environment; install botocore to look elsewhere.",
    "invalid_client",
    retryable=False,
)


def default_credentials() -> CredentialSource:
    """Credentials from wherever this workload has them.

    The environment comes first, as botocore has it too: that is all that Lambda needs, and costs
    no import.
    """
    return _Default()


class _Default:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._session: Any = None

    def __call__(self) -> AwsCredentials | Failure:
        return _of_environment() or self._of_botocore()

    def _of_botocore(self) -> AwsCredentials | Failure:
        try:
            import botocore.exceptions
            import botocore.session
        except ImportError:
            return _NONE_FOUND
        try:
            with self._lock:
                if self._session is None:
                    self._session = botocore.session.Session()
                found = self._session.get_credentials()
            if found is None:
                return _NONE_FOUND
            frozen = found.get_frozen_credentials()
        except botocore.exceptions.BotoCoreError as error:
            return Failure(f"botocore found no AWS credentials: {type(error).__name__}.")
        token = Secret(frozen.token) if frozen.token else None
        return AwsCredentials(frozen.access_key, Secret(frozen.secret_key), token)


def _of_environment() -> AwsCredentials | None:
    key = os.environ.get("AWS_ACCESS_KEY_ID")
    secret = os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        return None
    token = os.environ.get("AWS_SESSION_TOKEN")
    return AwsCredentials(key, Secret(secret), Secret(token) if token else None)
