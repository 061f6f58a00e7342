"""A row of the table: what is to be shown, how it is shown, and what came out."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenvend_smoke.run import Smoke


class DidNotHoldError(Exception):
    """What the row says is not so here. The text says what was seen instead; no secret in it."""


class NotRunError(Exception):
    """The row could not be looked at here. The text says what it would take."""


class SmokeVerdict(StrEnum):
    """What came out of a row."""

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
    """What came out of one row. `detail` says more of what did not hold or was not run."""

    what: str
    verdict: SmokeVerdict
    detail: str = ""
    seconds: float = 0.0


def require(holds: object, otherwise: str) -> None:
    """Pass if *holds* is true.

    Raises:
        DidNotHoldError: it is not; the text is *otherwise*.
    """
    if not holds:
        raise DidNotHoldError(otherwise)
