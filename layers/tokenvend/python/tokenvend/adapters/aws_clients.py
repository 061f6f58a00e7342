"""AWS clients with the time-outs and retries of this project, each made on first use.

They are botocore's clients, the same as boto3's. Importing boto3 itself would add 30 ms to each
cold start, for its resources and S3 transfers, which are not used here.
"""

# Imported now, because the first look-up of a host name would import it.
import encodings.idna  # noqa: F401
import os
from collections.abc import Callable, Mapping
from datetime import MAXYEAR, datetime
from email.utils import parsedate_to_datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from tokenvend.adapters.aws_errors import AwsFailure, failure_in
from tokenvend.domain import bounds

if TYPE_CHECKING:
    from botocore.session import Session


#: Called for each failed call: with the service, operation, kind of failure and AWS's error code.
type FailureListener = Callable[[str, str, AwsFailure, str], None]

#: The clients and sessions whose connections `close_connections` closes.
_CLOSEABLE: list[Any] = []
#: Set where AWS credentials are fetched over HTTP: under SnapStart and in containers. Elsewhere
#: the credentials themselves are in the environment.
_CREDENTIALS_FROM = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
_LISTENERS: list[FailureListener] = []


@cache
def aws_client(service: str) -> Any:
    """Return the client for *service*, with time-outs and attempts that fit into one invocation.

    botocore's own defaults wait 60 s and try five times, longer than a function may run.
    """
    from botocore.config import Config

    config = Config(
        connect_timeout=bounds.AWS_CONNECT_SECONDS,
        read_timeout=bounds.AWS_READ_SECONDS,
        retries={"total_max_attempts": bounds.AWS_ATTEMPTS, "mode": "standard"},
    )
    client = _session().create_client(service, config=config)
    client.meta.events.register("after-call", partial(_report_failed_answer, service))
    client.meta.events.register("after-call-error", partial(_report_no_answer, service))
    _CLOSEABLE.append(client)
    return client


def listen_to_failures(listener: FailureListener) -> None:
    """Call *listener*, in place of a former listener, for each failed call of every client.

    A call that is retried counts once, by its last attempt.
    """
    _LISTENERS[:] = [listener]


def close_connections() -> None:
    """Close the connections of every client, and the one that fetches their AWS credentials.

    The next call of each client opens a new connection.
    """
    for each in _CLOSEABLE:
        each.close()


def learn_time_from(client: Any, learn: Callable[[datetime], None]) -> None:
    """Call *learn* with the time in each answer's `Date` header (RFC 9110 §6.6.1)."""

    def after_call(parsed: Mapping[str, Any], **_: object) -> None:
        headers = parsed.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        instant = _date_in(headers)
        if instant is not None:
            learn(instant)

    client.meta.events.register("after-call", after_call)


def _report_failed_answer(service: str, parsed: Mapping[str, Any], model: Any, **_: object) -> None:
    failure = failure_in(service, parsed)
    if failure is not None:
        for listener in _LISTENERS:
            listener(service, model.name, *failure)


def _report_no_answer(service: str, exception: Exception, event_name: str, **_: object) -> None:
    operation = event_name.rpartition(".")[2]
    for listener in _LISTENERS:
        listener(service, operation, AwsFailure.AWAY, type(exception).__name__)


def _date_in(headers: Mapping[str, str]) -> datetime | None:
    # email.utils is imported for HTTP anyway; strptime would import further modules.
    try:
        instant = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, OverflowError):
        # A year of thirty digits raises OverflowError, not ValueError.
        return None
    # Adding a duration to an instant in the last year of `datetime` would overflow.
    return instant if instant.tzinfo and instant.year < MAXYEAR else None


@cache
def _session() -> "Session":
    from botocore.session import get_session

    from tokenvend.adapters.service_models import ServiceModels

    session = get_session()
    session.register_component("data_loader", ServiceModels())
    if any(name in os.environ for name in _CREDENTIALS_FROM):
        _keep_credentials_connection(session)
    return session


def _keep_credentials_connection(session: "Session") -> None:
    """Fetch AWS credentials over a connection that `close_connections` can close."""
    from botocore.credentials import ContainerProvider
    from botocore.httpsession import URLLib3Session
    from botocore.utils import ContainerMetadataFetcher

    http = URLLib3Session(timeout=ContainerMetadataFetcher.TIMEOUT_SECONDS)
    # The type stubs declare another type for the fetcher.
    fetcher: Any = ContainerMetadataFetcher(session=http)
    provider = ContainerProvider(fetcher=fetcher)
    session.get_component("credential_provider").insert_before(provider.METHOD, provider)
    _CLOSEABLE.append(http)
