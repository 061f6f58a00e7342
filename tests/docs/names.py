"""The names that the code has, for the documents that use them."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.docs.sources import template
from tests.template.deployed import deployed

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "tokenvend" / "python" / "tokenvend"
SOURCES = (LAYER, ROOT / "functions")

#: What can only be a name of code: CamelCase, UPPER_CASE, snake_case, `Class.member`, a path.
CODE = re.compile(
    r"[\w-]+(?:/[\w*-]+)*/[\w.*-]+\.\w+"
    r"|\b[A-Za-z_]+\.[a-z_A-Z]+\b"
    r"|\b[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]+)+\b"
    r"|\b[a-zA-Z]+(?:_[a-zA-Z0-9]+)+\b"
)


@dataclass
class Names:
    """Every name that is defined: alone, and as the member of a class or module."""

    alone: set[str] = field(default_factory=set)
    members: set[tuple[str, str]] = field(default_factory=set)


@cache
def names() -> Names:
    """What the layer and the functions define."""
    found = Names()
    for path in (path for folder in SOURCES for path in folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found.members |= {(path.stem, name) for name in _defined(tree)}
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found.members |= {(node.name, name) for name in _defined(node)}
                found.members |= {(node.name, name) for name in _assigned_to_self(node)}
    found.alone = {name for pair in found.members for name in pair}
    # A package is a name too.
    found.alone |= {path.parent.name for folder in SOURCES for path in folder.rglob("*.py")}
    return found


def _defined(node: ast.Module | ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        match each:
            case ast.FunctionDef() | ast.ClassDef():
                yield each.name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign():
                yield from (target.id for target in each.targets if isinstance(target, ast.Name))
            case ast.TypeAlias(name=ast.Name(id=name)):
                yield name


def _assigned_to_self(node: ast.ClassDef) -> Iterator[str]:
    for each in ast.walk(node):
        if (
            isinstance(each, ast.Attribute)
            and isinstance(each.ctx, ast.Store)
            and isinstance(each.value, ast.Name)
            and each.value.id == "self"
        ):
            yield each.attr


@cache
def _resources() -> frozenset[str]:
    parsed = template()
    return frozenset({*deployed(parsed, ConsentPages="true"), *parsed["Parameters"]})


def is_defined(name: str) -> bool:
    """Whether *name* is a file, a resource or parameter of the template, or a name of the code."""
    if "/" in name:
        return any(any(folder.glob(name)) for folder in (ROOT, LAYER))
    if name.endswith((".py", ".yaml")):
        return (ROOT / name).exists() or any(any(each.rglob(name)) for each in SOURCES)
    owner, dot, member = name.rpartition(".")
    if dot:
        return (owner.rpartition(".")[2], member) in names().members
    return name in names().alone or name in _resources()


def resolves(dotted: str) -> bool:
    """Whether *dotted*, below the package `tokenvend`, names something that is there."""
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(("tokenvend", *parts[:cut])))
        except ModuleNotFoundError:
            continue
        rest = parts[cut:]
        return bool(rest) and all((found := _member(found, name)) is not None for name in rest)
    return False


def _member(owner: object, name: str) -> object | None:
    if hasattr(owner, name):
        member: object = getattr(owner, name)
        return member
    annotations = inspect.get_annotations(owner) if isinstance(owner, type) else {}
    return annotations.get(name)
