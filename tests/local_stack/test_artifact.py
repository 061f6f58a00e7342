"""The build: once for whoever asks at the same time, and honest about how it ended."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from tokenvend_local import artifact, sam
from tokenvend_local.stack import LocalStack


def test_a_build_waits_for_the_one_that_is_under_way(stack: LocalStack, tmp_path: Path) -> None:
    del stack
    script = f"from tokenvend_local import artifact; artifact.build({str(tmp_path / 'log')!r})"

    with artifact.LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = subprocess.Popen([sys.executable, "-c", script])
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(timeout=1.5)

    # It was built meanwhile, as far as the waiting one can tell: nothing is left to do.
    assert waiting.wait(timeout=30) == 0
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    ("code", "words"), [(1, "ended with exit code 1"), (-9, "was ended by SIGKILL")]
)
def test_error_says_how_sam_ended(code: int, words: str) -> None:
    assert sam.how_it_ended(code) == words
