"""A row of the table: the claim to prove, the code that proves it, and the result."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenvend_smoke.run import Smoke


class DidNotHoldError(Exception):
    """The row's claim is false here. The text says what was seen instead, without a secret."""


class NotRunError(Exception):
    """The row could not be run here. The text says what it would need."""


class SmokeVerdict(StrEnum):
    """The verdict on a row."""

    HELD = "held"
    DID_NOT_HOLD = "did not hold"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of docs/not-proven-locally.md: its words there, and the code that shows it.

    *show* returns if it holds. `is_local` says whether a local AWS can show it too.
    """

    what: str
    show: Callable[["Smoke"], None]
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one row. `detail` explains what did not hold or was not run."""

    what: str
    verdict: SmokeVerdict
    detail: str = ""
    seconds: float = 0.0


def require(holds: object, otherwise: str) -> None:
    """Raise unless *holds* is true.

    Raises:
        DidNotHoldError: it is not; the text is *otherwise*.
    """
    if not holds:
        raise DidNotHoldError(otherwise)
