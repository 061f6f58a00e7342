"""Run one target for its share of the time, and read what libFuzzer says of it."""

import json
import random
import re
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scripts.envs import ENVIRONMENTS, ROOT

from fuzzing.target import FuzzTarget

FOLDER = ROOT / "build" / "fuzz"
_PYTHON = ENVIRONMENTS["fuzz"].path / "bin" / "python"
#: One input may take no longer and no more memory; a usual one takes milliseconds.
SLOWEST_SECONDS = 10
MEMORY_MB = 1024
_LONGEST_INPUT = 4096
_SEEDS = 64
#: Beyond its time a target starts, and ends the input that it is at.
_GRACE_SECONDS = 60

_STATUS = re.compile(r"^#(\d+)\s.*\bcov: (\d+) ", re.MULTILINE)
_UNCAUGHT = re.compile(r"=== Uncaught Python exception: ===\n(.*?)(?:\n\n|==\d+==|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What came of one target.

    `coverage` counts the branches of tokenvend that were taken, `outcomes` what came of the
    inputs; `finding` is what broke, and `input` the file that breaks it again.
    """

    target: str
    promise: str
    inputs: int
    coverage: int
    outcomes: dict[str, int] = field(default_factory=dict)
    finding: str | None = None
    input: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """For the table."""
        return asdict(self)


def fuzz(target: FuzzTarget, *, seconds: int, seed: int) -> Fuzzed:
    """Try inputs on *target* for *seconds*; *seed* decides which, with the machine's speed."""
    folder = FOLDER / target.name
    corpus = _new_corpus(folder, seed)
    report = folder / "outcomes.json"
    limits = (f"-timeout={SLOWEST_SECONDS}", f"-rss_limit_mb={MEMORY_MB}")
    size = (f"-max_len={_LONGEST_INPUT}", "-len_control=0")
    time = (f"-max_total_time={seconds}", f"-seed={seed}", f"-artifact_prefix={folder}/")
    ended = subprocess.run(
        [str(_PYTHON), "-m", "fuzzing.drive", target.name, report, *limits, *size, *time, corpus],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=seconds + _GRACE_SECONDS,
    )
    said = ended.stderr + ended.stdout
    (folder / "log.txt").write_text(said)
    tried, coverage = _STATUS.findall(said)[-1] if _STATUS.search(said) else (0, 0)
    outcomes: dict[str, int] = json.loads(report.read_text()) if report.is_file() else {}
    return Fuzzed(
        target=target.name,
        promise=target.promise,
        inputs=max(int(tried), sum(outcomes.values())),
        coverage=int(coverage),
        outcomes=outcomes,
        finding=finding_in(said) if ended.returncode else None,
        input=_artifact(folder),
    )


def _new_corpus(folder: Path, seed: int) -> Path:
    """A corpus to begin with: bytes enough for Hypothesis to draw whole inputs from."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for old in [*corpus.iterdir(), *(each for each in folder.iterdir() if each.is_file())]:
        old.unlink()
    numbers = random.Random(seed)  # noqa: S311  no secret
    for number in range(_SEEDS):
        (corpus / f"seed-{number}").write_bytes(numbers.randbytes(2 ** (5 + number % 8)))
    return corpus


def finding_in(said: str) -> str:
    """What libFuzzer's own words say was found: its first line, and where in the code."""
    if uncaught := _UNCAUGHT.search(said):
        lines = [line for line in uncaught[1].splitlines() if line.strip()]
        where = [line.strip() for line in lines if f'File "{ROOT}/' in line]
        place = where[-1].replace(f"{ROOT}/", "") if where else ""
        return f"{lines[0].strip()} {place}".strip()
    for words in ("libFuzzer: timeout", "libFuzzer: out-of-memory"):
        if words in said:
            return words
    return said.strip().splitlines()[-1] if said.strip() else "it ended without a word"


def _artifact(folder: Path) -> str | None:
    found = [
        path for path in sorted(folder.iterdir()) if re.match(r"(crash|timeout|oom)-", path.name)
    ]
    return str(found[0].relative_to(ROOT)) if found else None
