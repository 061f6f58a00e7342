"""One thing that is fuzzed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis.strategies import SearchStrategy

from fuzzing.hostile import MARKER
from tokenvend.domain.errors import TokenVendError

#: Told of each input what came of it.
type ReportProgress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FuzzTarget:
    """*inputs* are tried on *check*, which says what came of one, or raises `AssertionError`.

    Whatever else it raises is a finding too: no parser promises it.
    """

    name: str
    promise: str
    inputs: SearchStrategy[Any]
    check: Callable[[Any], str]

    def as_test(self, tell: ReportProgress) -> Any:
        """A Hypothesis test: to be called, or to be driven by its `fuzz_one_input`."""

        @given(self.inputs)
        def fuzzed(hostile: Any) -> None:
            tell(self.check(hostile))

        return fuzzed


def keeps_secret(*said: object) -> None:
    """Nothing of what was said holds a planted secret.

    Raises:
        AssertionError: something does.
    """
    assert MARKER not in "".join(map(str, said)), "a planted secret came out"


def documented_errors(
    base: type[TokenVendError] = TokenVendError,
) -> frozenset[tuple[int, str]]:
    """Every status with its error, as docs/requests.md has them (tests/docs compares the two)."""
    own = {(int(each.status), each.code) for each in base.__subclasses__()}
    return frozenset(own).union(*(documented_errors(each) for each in base.__subclasses__()))
