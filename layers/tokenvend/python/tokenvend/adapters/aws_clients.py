"""AWS clients with the bounds of this project, each made on first use.

They are botocore's, which boto3 hands out too. boto3 itself would add its resources and its
transfers to S3, and 30 ms to each cold start.
"""

# The first look-up of a host would load it.
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


#: Told of a call that failed: the service, its operation, how it failed, and AWS's code.
type FailureListener = Callable[[str, str, AwsFailure, str], None]

#: Whatever has connections and a `close`.
_MADE: list[Any] = []
#: Where credentials come from under SnapStart and in containers; else they are in the environment.
_CREDENTIALS_FROM = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
_LISTENERS: list[FailureListener] = []


@cache
def aws_client(service: str) -> Any:
    """The client for *service*: short time-outs, few attempts, so that a request can still end.

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
    _MADE.append(client)
    return client


def listen_to_failures(listener: FailureListener) -> None:
    """Have *listener*, instead of any former one, told of each failed call of every client.

    A call that is tried again counts once, by its last attempt.
    """
    _LISTENERS[:] = [listener]


def close_connections() -> None:
    """End the connections of every client, and the one that their AWS credentials come by.

    The next call of each opens one of its own.
    """
    for each in _MADE:
        each.close()


def learn_time_from(client: Any, learn: Callable[[datetime], None]) -> None:
    """Have *learn* told the time of each answer that *client* gets (RFC 9110 §6.6.1, `Date`)."""

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
    # email.utils is loaded already, for HTTP; strptime would load the calendar's modules.
    try:
        instant = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, OverflowError):
        # A year of thirty digits is no ValueError.
        return None
    # In its last year the calendar has no room for what is added to the time.
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
    """Have credentials fetched by a connection that `close_connections` knows."""
    from botocore.credentials import ContainerProvider
    from botocore.httpsession import URLLib3Session
    from botocore.utils import ContainerMetadataFetcher

    http = URLLib3Session(timeout=ContainerMetadataFetcher.TIMEOUT_SECONDS)
    # The stubs name another fetcher's type.
    fetcher: Any = ContainerMetadataFetcher(session=http)
    provider = ContainerProvider(fetcher=fetcher)
    session.get_component("credential_provider").insert_before(provider.METHOD, provider)
    _MADE.append(http)
