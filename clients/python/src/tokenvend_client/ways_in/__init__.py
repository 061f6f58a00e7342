"""How a call reaches tokenvend, and how this caller is authenticated there."""

from typing import Any, Protocol

from tokenvend_client.errors import Failure
from tokenvend_client.request import Call

#: A request carries one subject token: the workload's, or the user's.
NO_SECOND_TOKEN = Failure(
    "A workload that proves itself by a token of its platform cannot send its user's as well.",
    "invalid_request",
    retryable=False,
)


class Document:
    """The fields of an answer. They may hold a token, so they cannot be printed."""

    __slots__ = ("_fields",)

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    def reveal(self) -> dict[str, Any]:
        """Return the fields themselves."""
        return self._fields


class WayIn(Protocol):
    """Makes one attempt at a call.

    It raises nothing that depends on the answer, because a traceback would show what was sent.
    """

    def send(self, call: Call, *, timeout_seconds: float) -> Document | Failure:
        """Return tokenvend's answer, or why there is none."""
        ...
