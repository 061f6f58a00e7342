"""How a call reaches tokenvend, and how this caller is authenticated there."""

from typing import Any, NoReturn, Protocol

from tokenvend_client.errors import Failure
from tokenvend_client.request import Call

#: A request carries one subject token: the workload's, or the user's.
NO_SECOND_TOKEN = Failure(
    "A workload that proves itself by a token of its platform cannot send its user's as well.",
    "invalid_request",
    retryable=False,
)


class Document:
    """The fields of an answer. They may hold a token, so nothing prints or pickles them."""

    __slots__ = ("_fields",)

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    def reveal(self) -> dict[str, Any]:
        """Return the fields themselves."""
        return self._fields

    def __repr__(self) -> str:
        return "Document(***)"

    def __copy__(self) -> "Document":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Document":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Document cannot be pickled")


class WayIn(Protocol):
    """Makes one attempt at a call.

    It raises nothing that depends on the answer, because a traceback would show what was sent.
    """

    def send(self, call: Call, *, timeout_seconds: float) -> Document | Failure:
        """Return tokenvend's answer, or why there is none."""
        ...
