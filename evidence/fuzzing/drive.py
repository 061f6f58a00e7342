"""Drive one target with atheris: `python -m fuzzing.drive TARGET REPORT [libFuzzer's arguments]`.

A file among the arguments is tried once: so a finding is seen again. Every second what came of
the inputs so far is written to REPORT; libFuzzer ends the process by itself, without a word to
Python.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tokenvend", "tokenvend_cli"]):
    from fuzzing.targets import TARGETS

_WRITTEN_EVERY_SECONDS = 1.0


class Outcomes:
    """How often each thing came of an input, kept in a file."""

    def __init__(self, report: Path) -> None:
        self._report = report
        self._counts: Counter[str] = Counter()
        self._written_at = 0.0

    def tell(self, outcome: str) -> None:
        """One more input that had this *outcome*."""
        self._counts[outcome] += 1
        now = time.monotonic()
        if now - self._written_at >= _WRITTEN_EVERY_SECONDS:
            self._written_at = now
            self._report.write_text(json.dumps(self._counts))


def main(arguments: Sequence[str]) -> None:
    """Fuzz until libFuzzer has had enough or has found something."""
    name, report, *for_libfuzzer = arguments
    fuzzed = TARGETS[name].as_test(Outcomes(Path(report)).tell)
    atheris.Setup([name, *for_libfuzzer], fuzzed.hypothesis.fuzz_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
