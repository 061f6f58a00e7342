"""Find words that the glossary has retired: in documents, in the code's names, in docstrings.

A retired word had a private meaning, or two. In a document, code spans and blocks are skipped,
because they quote names of the code. Decisions (docs/adr) stay as they were written.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.envs import ROOT
from scripts.site import pages

#: Retired words in documents → their replacements.
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
#: Retired parts of names in code → their replacements.
RETIRED_IN_NAMES: Mapping[str, str] = {
    "asked": "requested, or in use",
    "dies": "deadline",
    "epoch": "secret generation",
    "epochs": "secret generations",
    "happened": "event",
    "maker": "exchange",
    "obtain": "acquire",
    "obtained": "acquired",
    "obtainer": "acquirer",
    "scene": "scenario",
    "spend": "redeem",
    "spender": "redeemer",
    "spending": "redemption",
    "spends": "redeems",
    "spent": "redeemed",
    "told": "what was said: the answer, the error, the line",
    "whynot": "reason",
    "world": "harness",
}
#: Names that are allowed, because others chose them: a lifetime's unit in `tokenvend.yaml`.
_GIVEN = frozenset({"EPOCH_SECONDS", "EPOCH_MILLISECONDS", "epoch_seconds", "epoch_milliseconds"})
#: The folders in which names are checked. Names of tests may contain retired words.
CODE = ("layers", "cli", "clients", "functions", "tools", "evidence", "benchmarks", "scripts")
_WORDS = {
    re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE): instead
    for pattern, instead in RETIRED.items()
}
_CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]*`|\]\([^)]*\)", re.MULTILINE | re.DOTALL)
_AS_WRITTEN = re.compile(r"docs/adr/\d|CHANGELOG\.md")
#: Of the retired parts of names, those that a docstring says by a better word too.
_IN_DOCSTRINGS = re.compile(r"\b(?:scene|world|whynot|spender|obtainer)\b", re.IGNORECASE)
#: A name with several parts.
_FIELD = re.compile(r"[a-z]+(?:_[a-z]+)+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def prose(text: str) -> str:
    """Return *text* without code and link targets; line numbers do not change."""
    return _CODE.sub(lambda match: "\n" * match[0].count("\n"), text)


def faults(name: str, text: str) -> Iterator[str]:
    """Return each retired word in *text* of the page *name*: `file:line: word: say …`."""
    for number, line in enumerate(prose(text).splitlines(), start=1):
        for word, instead in _WORDS.items():
            for match in word.finditer(line):
                yield f"{name}:{number}: {match[0]}: say {instead}"


def name_faults(name: str, text: str) -> Iterator[str]:
    """Return each name in the Python code *text* with a retired word: `file:line: name: say …`.

    A text such as `"requested_scope"` is a name too: of a log field, an attribute, a parameter.
    """
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        given = token.string.strip("\"'")
        if token.type == tokenize.STRING and _FIELD.fullmatch(given) is None:
            continue
        if token.type not in {tokenize.NAME, tokenize.STRING} or given in _GIVEN:
            continue
        for part in _PART.findall(given):
            if instead := RETIRED_IN_NAMES.get(part.lower()):
                yield f"{name}:{token.start[0]}: {given}: say {instead}"


def docstring_faults(name: str, text: str) -> Iterator[str]:
    """Return each retired word in a docstring of the Python code *text*."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        for word in _IN_DOCSTRINGS.findall(ast.get_docstring(node, clean=False) or ""):
            yield f"{name}:{node.body[0].lineno}: {word}: say {RETIRED_IN_NAMES[word.lower()]}"


def _modules() -> Iterator[Path]:
    for folder in (*CODE, "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not {"build", "node_modules"} & set(path.relative_to(ROOT).parts):
                yield path


def main() -> int:
    """Check every page and every module; return 1 if one has a retired word."""
    found = [
        fault
        for name in pages()
        if not _AS_WRITTEN.match(name)
        for fault in faults(name, (ROOT / name).read_text(encoding="utf-8"))
    ]
    for path in _modules():
        name, text = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        if not name.startswith("tests/"):
            found += name_faults(name, text)
        found += docstring_faults(name, text)
    print("\n".join(found) or "no page and no name has a retired word")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
