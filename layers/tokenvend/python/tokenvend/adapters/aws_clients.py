"""boto3 clients with the bounds of this project, each made on first use."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from tokenvend.domain import bounds


@cache
def aws_client(service: str) -> Any:
    """The client for *service*: short time-outs, few attempts, so that a request can still end.

    boto3's own defaults wait 60 s and try five times, longer than a function may run.
    """
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=bounds.AWS_CONNECT_SECONDS,
        read_timeout=bounds.AWS_READ_SECONDS,
        retries={"total_max_attempts": bounds.AWS_ATTEMPTS, "mode": "standard"},
    )
    # A service named by a plain text has no overload in the type stubs.
    return boto3.client(service, config=config)  # type: ignore[call-overload]


def tell_time(client: Any, learn: Callable[[datetime], None]) -> None:
    """Have *learn* told the time of each answer that *client* gets (RFC 9110 §6.6.1, `Date`)."""

    def after_call(parsed: Mapping[str, Any], **_: object) -> None:
        headers = parsed.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        instant = _date_in(headers)
        if instant is not None:
            learn(instant)

    client.meta.events.register("after-call", after_call)


def _date_in(headers: Mapping[str, str]) -> datetime | None:
    text = headers.get("date", "").replace("GMT", "+0000")
    try:
        return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S %z")
    except ValueError:
        return None
