"""Late, refused, garbled and odd answers, as real token endpoints give them."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from tokenvend_local.demo_provider.http import Answer

HTML = b"<!doctype html><title>Bad gateway</title><h1>We'll be right back</h1>"
GARBAGE = b'{"access_token": \xff\xfe'
BODIES = ("html", "garbage", "half", "empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehaviour:
    """How the token endpoint deviates from its normal answer. What is not set stays normal.

    Attributes:
        client_id: Only for this client; `None` for all.
        times: For this many requests, then no more; `None` until `behave`.
        delay_seconds: Waits this long before it does anything.
        status: Answers with this status, and `body` or an `error` document.
        error: The `error` code of a refusal, also with status 200.
        retry_after: The `Retry-After` header, in either form (RFC 9110 §10.2.3).
        location: Redirects there.
        body: One of `BODIES` instead of the right body; `half` promises all and sends half.
        content_type: Says the body is of this type.
        fields: Set over the fields of a token response; a `None` removes the field.
        same_token: Answers the client's last token again, while it is good.
        hang_up: Closes the connection without an answer.
    """

    client_id: str | None = None
    times: int | None = None
    delay_seconds: float = 0
    status: int | None = None
    error: str | None = None
    retry_after: str | None = None
    location: str | None = None
    body: str | None = None
    content_type: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    same_token: bool = False
    hang_up: bool = False

    def __post_init__(self) -> None:
        """Refuse a body that is not in `BODIES`."""
        if self.body is not None and self.body not in BODIES:
            raise ValueError(f"body must be one of {', '.join(BODIES)}")

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Misbehaviour":
        """Build it from the fields that the control listener received.

        Raises:
            ValueError: it has a field that does not exist.
        """
        unknown = document.keys() - {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"no such field: {', '.join(sorted(unknown))}")
        return cls(**document)


class Mood:
    """The list of current misbehaviours. Safe to use from many threads."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        self._in_force: list[Misbehaviour] = []

    def add(self, misbehaviour: Misbehaviour) -> None:
        """Add a misbehaviour; it starts when those already set for the same client are used up."""
        with self._lock:
            self._in_force.append(misbehaviour)

    def clear(self, client_id: str | None = None) -> None:
        """Remove the misbehaviours towards one client, or all."""
        with self._lock:
            remaining = [m for m in self._in_force if client_id not in (None, m.client_id)]
            self._in_force = remaining

    def take(self, client_id: str) -> Misbehaviour | None:
        """Return the misbehaviour for this client's request, and count it down."""
        with self._lock:
            for index, found in enumerate(self._in_force):
                if found.client_id not in (None, client_id):
                    continue
                if found.times is not None:
                    rest = replace(found, times=found.times - 1)
                    self._in_force[index : index + 1] = [rest] if rest.times else []
                return found
        return None

    def wait(self, misbehaviour: Misbehaviour) -> None:
        """Wait for the delay of the misbehaviour."""
        if misbehaviour.delay_seconds:
            self._sleep(misbehaviour.delay_seconds)


def instead_of_exchange(misbehaviour: Misbehaviour) -> Answer | None:
    """Return the answer that replaces the exchange, if the misbehaviour has one."""
    if misbehaviour.hang_up:
        return Answer(500, hang_up=True)
    if misbehaviour.status is None and misbehaviour.location is None:
        return None
    headers = {"Content-Type": "application/json"}
    if misbehaviour.retry_after:
        headers["Retry-After"] = misbehaviour.retry_after
    if misbehaviour.location:
        headers["Location"] = misbehaviour.location
    status = misbehaviour.status or 307
    body = json.dumps({"error": misbehaviour.error or "temporarily_unavailable"}).encode()
    return garble(misbehaviour, Answer(status, body, headers))


def garble(misbehaviour: Misbehaviour, answer: Answer) -> Answer:
    """Return *answer* with its fields, body and content type changed."""
    if misbehaviour.fields and answer.status == 200:
        document = {**json.loads(answer.body), **misbehaviour.fields}
        remaining = {name: value for name, value in document.items() if value is not None}
        answer = replace(answer, body=json.dumps(remaining).encode())
    kind = misbehaviour.content_type
    match misbehaviour.body:
        case "html":
            answer, kind = replace(answer, body=HTML), kind or "text/html"
        case "garbage":
            answer = replace(answer, body=GARBAGE)
        case "empty":
            answer = replace(answer, body=b"")
        case "half":
            half, whole = answer.body[: len(answer.body) // 2], len(answer.body)
            answer = replace(answer, body=half, promised_length=whole)
        case _:
            pass
    return replace(answer, headers={**answer.headers, "Content-Type": kind}) if kind else answer
