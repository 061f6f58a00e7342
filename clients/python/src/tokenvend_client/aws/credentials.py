"""Find this workload's own AWS credentials."""

import os
import re
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from tokenvend_client.aws.sigv4 import AwsCredentials
from tokenvend_client.errors import Failure
from tokenvend_client.http import HttpSender
from tokenvend_client.secret import Secret

#: Gives the credentials to sign the next request with, or says why there are none.
CredentialSource = Callable[[], AwsCredentials | Failure]

#: Credentials are fetched again this many seconds before they end.
_AHEAD_SECONDS = 300.0
_NONE_FOUND = Failure.of_proof(
    "There are no AWS credentials here. Those of SSO and of profiles need botocore."
)
_CODE = re.compile(r"[A-Za-z0-9.]{1,64}")
_THROTTLING = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled"),
        *("RequestThrottledException", "RequestLimitExceeded", "TooManyRequestsException"),
    }
)
_WAITING_MAY_CURE = frozenset({429, 500, 502, 503, 504})
_sources: "weakref.WeakSet[_Default]" = weakref.WeakSet()


def default_credentials() -> CredentialSource:
    """Return credentials from the environment, botocore, or a container's or instance's metadata.

    The environment comes first, as in botocore: Lambda needs nothing else, and it costs no import.
    Without botocore, those of ECS, EKS and EC2 are still found; SSO needs botocore.
    """
    return _Default()


class _Default:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sender = HttpSender()
        self._session: Any = None
        self._cached: AwsCredentials | None = None
        _sources.add(self)

    def __call__(self) -> AwsCredentials | Failure:
        found = _of_environment()
        if found is not None:
            return found
        try:
            import botocore.session  # noqa: F401 - whether it is there
        except ImportError:
            return self._of_metadata()
        return self._of_botocore()

    def after_fork_in_child(self) -> None:
        """Replace the locks: a thread that is not in this process may hold them.

        The session goes too, for botocore's credentials have locks of their own.
        """
        self._lock = threading.Lock()
        self._session = None

    def _of_botocore(self) -> AwsCredentials | Failure:
        import botocore.exceptions
        import botocore.session

        try:
            with self._lock:
                if self._session is None:
                    self._session = botocore.session.Session()
                found = self._session.get_credentials()
            if found is None:
                return _NONE_FOUND
            frozen = found.get_frozen_credentials()
        except botocore.exceptions.SSOError as error:
            return Failure.of_proof(
                f"There is no sign-in by AWS SSO that is still good: {type(error).__name__}."
            )
        except botocore.exceptions.BotoCoreError as error:
            return Failure(f"botocore found no AWS credentials: {type(error).__name__}.")
        except botocore.exceptions.ClientError as error:
            return _refusal(error.response)
        token = Secret(frozen.token) if frozen.token else None
        return AwsCredentials(frozen.access_key, Secret(frozen.secret_key), token)

    def _of_metadata(self) -> AwsCredentials | Failure:
        from tokenvend_client.aws.metadata import of_container, of_instance, of_web_identity

        cached, now = self._cached, time.time()
        if cached is not None and cached.expires_at is not None:
            if now < cached.expires_at - _AHEAD_SECONDS:
                return cached
            cached = cached if now < cached.expires_at else None
        for source in (of_web_identity, of_container, of_instance):
            found = source(self._sender)
            if isinstance(found, AwsCredentials):
                self._cached = found
                return found
            if found is not None:
                return cached or found
        return cached or _NONE_FOUND


def _refusal(response: Mapping[str, Any]) -> Failure:
    """Why STS or SSO gives no credentials: by its error's code, for the message may quote much."""
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    shown = code if _CODE.fullmatch(code) else "an error without a code"
    description = f"AWS gives no credentials to this profile or role: {shown}."
    if code in _THROTTLING or status in _WAITING_MAY_CURE:
        return Failure(description)
    return Failure.of_proof(description)


def _of_environment() -> AwsCredentials | None:
    key = os.environ.get("AWS_ACCESS_KEY_ID")
    secret = os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        return None
    token = os.environ.get("AWS_SESSION_TOKEN")
    return AwsCredentials(key, Secret(secret), Secret(token) if token else None)


def _after_fork_in_child() -> None:
    for source in list(_sources):
        source.after_fork_in_child()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork_in_child)
