"""Find words in the documents that the glossary has replaced.

A retired word had a meaning of our own, or two. Code spans and blocks are left alone: they are the
names that the code has. Decisions (docs/adr) stay as they were written.
"""

import re
import sys
from collections.abc import Iterator, Mapping

from scripts.envs import ROOT
from scripts.site import pages

#: What is no longer written → what is written instead.
RETIRED: Mapping[str, str] = {
    r"spend|spends|spent|spending": "redeem (a refresh token)",
    r"epochs?": "secret generation",
    r"dies|died": "deadline, or: its invocation ended",
    r"hammers?": "asks again and again",
    r"to be had": "available",
    r"token makers?": "exchange",
    r"obtainers?": "what acquires the token",
    r"failure memory": "circuit breaker",
}
_WORDS = {
    re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE): instead
    for pattern, instead in RETIRED.items()
}
_CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]*`|\]\([^)]*\)", re.MULTILINE | re.DOTALL)
_AS_WRITTEN = re.compile(r"docs/adr/\d|CHANGELOG\.md")


def prose(text: str) -> str:
    """*text* without code and the targets of links; lines stay where they were."""
    return _CODE.sub(lambda match: "\n" * match[0].count("\n"), text)


def faults(name: str, text: str) -> Iterator[str]:
    """Each retired word in *text* of the page *name*: `file:line: word: say …`."""
    for number, line in enumerate(prose(text).splitlines(), start=1):
        for word, instead in _WORDS.items():
            for match in word.finditer(line):
                yield f"{name}:{number}: {match[0]}: say {instead}"


def main() -> int:
    """Look through every page; 1 if one has a retired word."""
    found = [
        fault
        for name in pages()
        if not _AS_WRITTEN.match(name)
        for fault in faults(name, (ROOT / name).read_text(encoding="utf-8"))
    ]
    print("\n".join(found) or "no page has a retired word")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
