"""Find what must never be committed: addresses of indexes, paths of one machine, keys.

A lock file with an index address sends everybody else to that index. An access key counts as a
leak even if it is revoked or an example of AWS's documentation, because a search for leaks finds
it. Accounts of examples are recognised by their well-known numbers.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

#: The account numbers that documentation uses.
HARMLESS = re.compile(r".*:(111122223333|123456789012|444455556666)")


@dataclass(frozen=True, slots=True)
class ForbiddenPattern:
    """One forbidden pattern, for the files whose name matches `where`."""

    what: str
    pattern: re.Pattern[str]
    where: re.Pattern[str] = re.compile("")


RULES = (
    ForbiddenPattern(
        "where packages come from",
        re.compile(r"--(extra-)?index-url|--find-links|\"resolved\":| @ (https?|file):"),
        re.compile(r"(^|/)(requirements/.*|requirements\.txt|package(-lock)?\.json)$"),
    ),
    ForbiddenPattern(
        "a package registry's address",
        re.compile(r"pypi[.]org|pythonhosted[.]org|registry[.]npmjs[.]org|registry[.]yarnpkg"),
    ),
    ForbiddenPattern("an access key id", re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b")),
    ForbiddenPattern("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ForbiddenPattern(
        "an account's number", re.compile(r"\barn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:[0-9]{12}\b")
    ),
    ForbiddenPattern(
        "a path of one machine", re.compile(r"(?<![\w.])/(home|Users|root)/[A-Za-z][\w.-]*/")
    ),
)
FORBIDDEN_FILES = re.compile(r"(^|/)(uv\.lock|\.pypirc|\.npmrc|pip\.conf|.*\.pem|\.env)$")


def faults(name: str, text: str) -> Iterator[str]:
    """Return the forbidden parts of *text*, the content of *name*, as `file:line: what`."""
    if FORBIDDEN_FILES.search(name):
        yield f"{name}: a file of this name is never committed"
    for rule in RULES:
        if not rule.where.search(name):
            continue
        for match in rule.pattern.finditer(text):
            if HARMLESS.fullmatch(match[0]):
                continue
            yield f"{name}:{text.count('\n', 0, match.start()) + 1}: {rule.what}"


def committed(root: Path) -> list[Path]:
    """Return the files that git tracks or would add, so that a fault is found before its commit."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    out = subprocess.run(listing, cwd=root, capture_output=True, check=True, text=True).stdout
    return [root / name for name in out.split("\0") if name and (root / name).is_file()]


def main(arguments: Sequence[str]) -> int:
    """Search the tree of the given folder (by default, this one)."""
    root = Path(arguments[0] if arguments else ".").resolve()
    found = [
        fault
        for path in committed(root)
        for fault in faults(
            path.relative_to(root).as_posix(), path.read_text("utf-8", errors="replace")
        )
    ]
    print("\n".join(found) or "nothing that must not be committed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
