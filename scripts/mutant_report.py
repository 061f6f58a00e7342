"""Report the mutants of mutmut: read the results from its files, count them, and compare them.

A mutant is identified by its function and by the lines that it removes and adds, because mutmut's
numbers change with every edit. `docs/mutants-accepted.md` lists the changes that no test can
notice, each under its reason.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from itertools import groupby
from pathlib import Path

#: The verdict on a mutant, by pytest's exit code or the signal that ended it.
_STATES: Mapping[int | None, str] = {
    None: "not checked",
    0: "survived",
    **dict.fromkeys((1, 3), "killed"),
    **dict.fromkeys((5, 33), "no tests"),
    # A mutant that makes a test hang counts as noticed.
    **dict.fromkeys((-24, 24, 36, 152, 255), "killed"),
}
_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"__mutmut_(?:orig|\d+)")
_ACCEPTED = re.compile(r"^- `(?P<function>[^`]+)`: `(?P<was>.*)` → `(?P<becomes>.*)`$")


@dataclass(frozen=True, order=True, slots=True)
class Change:
    """One change: the lines of *function* before and after, each joined to one line."""

    function: str
    was: str
    becomes: str

    def __str__(self) -> str:
        return f"- `{self.function}`: `{self.was}` → `{self.becomes}`"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change under mutmut's name, with its verdict."""

    name: str
    change: Change
    state: str

    @property
    def package(self) -> str:
        """Return the package of the library, such as `domain`."""
        return self.name.split(".")[1]


def read_mutants(copy: Path) -> list[Mutant]:
    """Return every mutant of the library under *copy*, the folder in which mutmut worked."""
    source = copy / "mutants" / "src"
    return [each for file in sorted(source.rglob("*.meta")) for each in _mutants_of(file)]


def read_accepted(text: str) -> set[Change]:
    """Return the changes that the page lists as accepted."""
    found = (match for line in text.splitlines() if (match := _ACCEPTED.match(line)))
    return {Change(match["function"], match["was"], match["becomes"]) for match in found}


def matching(mutants: Iterable[Mutant], patterns: Sequence[str]) -> list[Mutant]:
    """Return the mutants whose name begins with one of *patterns*; without patterns, all."""
    prefixes = tuple(pattern.rstrip("*") for pattern in patterns)
    return [each for each in mutants if not prefixes or each.name.startswith(prefixes)]


def survivors(mutants: Iterable[Mutant]) -> list[Mutant]:
    """Return the mutants that no test noticed."""
    return [each for each in mutants if each.state not in ("killed", "not checked")]


def table(mutants: Iterable[Mutant]) -> str:
    """Return a Markdown table of how many mutants were noticed, by package and in all."""
    ordered = sorted(mutants, key=lambda each: each.package)
    counts = {
        package: Counter(each.state for each in group)
        for package, group in groupby(ordered, lambda each: each.package)
    }
    rows = [_row(package, states) for package, states in counts.items()]
    rows.append(_row("**all**", sum(counts.values(), Counter())))
    return "\n".join(["| package | tried | noticed | share |", "|---|--:|--:|--:|", *rows])


def _row(package: str, states: Mapping[str, int]) -> str:
    tried = sum(count for state, count in states.items() if state != "not checked")
    share = f"{100 * states.get('killed', 0) / tried:.1f} %" if tried else "none"
    return f"| {package} | {tried} | {states.get('killed', 0)} | {share} |"


def _mutants_of(meta: Path) -> Iterator[Mutant]:
    codes: Mapping[str, int | None] = json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
    if not codes:
        return
    mutated = meta.with_suffix("")
    spans = json.loads(mutated.with_name(f"{mutated.name}.spans").read_text("utf-8"))["spans"]
    lines = mutated.read_text("utf-8").splitlines()

    def source(name: str) -> list[str]:
        start, end = spans[name]
        return [_NUMBER.sub("", line) for line in lines[start - 1 : end]]

    for name, code in codes.items():
        module, _, mangled = name.rpartition(".")
        original = f"{mangled.rpartition('__mutmut_')[0]}__mutmut_orig"
        change = Change(_readable(module, mangled), *_difference(source(original), source(mangled)))
        yield Mutant(name, change, _STATES.get(code, "suspicious"))


def _readable(module: str, mangled: str) -> str:
    """Return the function's dotted name: mutmut writes `x_f`, and `xǁClassǁmethod`."""
    bare = mangled.rpartition("__mutmut_")[0]
    parts = bare.split("ǁ")[1:] if "ǁ" in bare else [bare.removeprefix("x_")]
    return ".".join([module, *parts])


def _difference(before: Sequence[str], after: Sequence[str]) -> tuple[str, str]:
    lines = list(unified_diff(before, after, n=0, lineterm=""))[2:]
    was, becomes = (
        _SPACE.sub(" ", " ".join(line[1:] for line in lines if line[0] == sign)).strip()
        for sign in "-+"
    )
    return was, becomes
