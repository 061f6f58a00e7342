"""boto3 clients with the bounds of this project, each made on first use."""

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
