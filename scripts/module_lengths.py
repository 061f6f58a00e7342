"""Hold every Python module to 250 lines; those that were longer before may not grow.

A module is split by behaviour, never in the middle of one. So a longer module is listed here with
its reason. The list may only shrink: a module that has become short enough must leave it.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scripts.check import CLIENT, CODE
from scripts.envs import ROOT

#: The most lines that a module may have.
MOST_LINES = 250


@dataclass(frozen=True, slots=True)
class Longer:
    """The most lines of a listed module, and why it has more than others."""

    most_lines: int
    reason: str


_LAYER = "layers/tokenvend/python/tokenvend"
#: Modules that may be longer than `MOST_LINES`. Add none: split the module instead.
LONGER: Mapping[str, Longer] = {
    f"{_LAYER}/domain/oauth/token_request.py": Longer(270, "builds one request, of any grant type"),
    "scripts/envs.py": Longer(260, "one table of environments, and how each is made"),
    "scripts/validate.py": Longer(260, "one check of the expanded template"),
    "tests/local_stack/harness.py": Longer(
        260, "one configuration that grows; what each test adds refers to the same file"
    ),
    "tests/simulation/machine.py": Longer(
        370, "one state machine: its rules share the environments under way"
    ),
}


def lengths() -> dict[str, int]:
    """Count the lines of each module, by its path from the checkout's root."""
    return {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for folder in (*CODE, CLIENT)
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not {"build", "node_modules", ".venv"} & set(path.relative_to(ROOT).parts)
    }


def faults(found: Mapping[str, int], longer: Mapping[str, Longer] = LONGER) -> Iterator[str]:
    """Return each module of *found* that is too long, and each entry that *longer* needs no more.

    *found* has the number of lines by the module's path.
    """
    for name, lines in found.items():
        if name in longer:
            if lines > longer[name].most_lines:
                yield f"{name}: {lines} lines; it may not grow over {longer[name].most_lines}"
        elif lines > MOST_LINES:
            yield f"{name}: {lines} lines; split it by behaviour, {MOST_LINES} are the most"
    for name in longer:
        if found.get(name, 0) <= MOST_LINES:
            yield f"{name}: has at most {MOST_LINES} lines: take it off the list"


def main() -> int:
    """Check every module; return 1 if one is too long, or is listed and need not be."""
    found = list(faults(lengths()))
    print("\n".join(found) or f"no other module has more than {MOST_LINES} lines")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
