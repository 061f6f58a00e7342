"""Property-based tests look at the same examples each time, and no clock fails them.

A commit is refused for what it did, not for what chance or a busy machine brought. Looking
further, at new examples each time: `HYPOTHESIS_PROFILE=explore make test`.
"""

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings

# Nothing is written outside this folder, temporary files included.
_TEMPORARY = Path(__file__).parents[1] / "build" / "tmp"
_TEMPORARY.mkdir(parents=True, exist_ok=True)
os.environ["TMPDIR"] = tempfile.tempdir = str(_TEMPORARY)

settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
#: For `make mutants`, which runs the tests thousands of times: the first example that fails is
#: enough, and nobody reads it, so no smaller one is looked for.
settings.register_profile(
    "few",
    settings.get_profile("repeatable"),
    max_examples=30,
    phases=[Phase.explicit, Phase.generate],
    database=None,
    report_multiple_bugs=False,
)
settings.register_profile("explore", settings.get_profile("repeatable"), derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
