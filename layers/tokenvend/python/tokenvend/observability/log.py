"""The one logger of an environment, and the short way to it."""

from __future__ import annotations

import logging
from functools import cache
from json import JSONEncoder
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

if TYPE_CHECKING:
    from tokenvend.domain.identity import Workload
    from tokenvend.domain.users import User

SERVICE = "tokenvend"
_ENCODER = JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=str)


@cache
def logger() -> Logger:
    """The one logger of an environment; its level is `POWERTOOLS_LOG_LEVEL`.

    Powertools would make an encoder for each line, and look for JSON in each message.
    """
    return Logger(
        service=SERVICE,
        location=None,
        utc=True,
        use_rfc3339=True,
        json_serializer=_ENCODER.encode,
        json_deserializer=str,
    )


def write(level: int, message: str, fields: dict[str, Any]) -> None:
    """Write one audit line or metric, whatever the log level is: nobody may switch these off.

    `Logger.info` would first walk the stack to learn who called it, which no line of ours
    says: a sixth of the whole cost of an answer from memory.
    """
    record = {"levelno": level, "levelname": logging.getLevelName(level), "msg": message}
    logger().registered_handler.handle(logging.makeLogRecord(record | fields))


def subject_fields(about: Workload | User | None) -> dict[str, Any]:
    """Whom a verified subject token is about, as fields of a line; none where there was none."""
    if about is None:
        return {}
    return {"issuer": about.issuer, "subject": about.subject, "token_id": about.token_id}
