"""Read `tokenvend.yaml`, and report all its problems at once, by place and line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.wording import place_of, problems_in
from tokenvend_cli.problems import CommandError, ConfigurationError, Problem

type Lines = Mapping[str, int]
type _Parts = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """A file that fits the schema, and the line of each place in it."""

    name: str
    configuration: ConfigurationModel
    lines: Lines

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Raise the problems, if there are any.

        Raises:
            ConfigurationError: there is at least one problem.
        """
        if found := list(problems):
            raise ConfigurationError(self.name, _with_lines(found, self.lines))


def load_configuration(path: Path) -> ConfigurationFile:
    """Load the file at *path*; raise for each key or value that the schema does not allow.

    Raises:
        CommandError: it cannot be read.
        ConfigurationError: it is not well-formed.
    """
    try:
        return parse_configuration(path.read_text(encoding="utf-8"), name=str(path))
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}; name it with --file") from None
    except UnicodeDecodeError:
        raise CommandError(f"cannot read {path}: it is not UTF-8 text") from None


def parse_configuration(text: str, *, name: str) -> ConfigurationFile:
    """See `load_configuration`."""
    try:
        document, lines, repeated = _read(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(name, [_not_yaml(error)]) from None
    except RecursionError:
        raise ConfigurationError(name, [Problem("", "it is nested too deeply")]) from None
    if repeated:
        raise ConfigurationError(name, _with_lines(repeated, lines))
    try:
        return ConfigurationFile(name, ConfigurationModel.model_validate(document), lines)
    except ValidationError as error:
        raise ConfigurationError(name, _with_lines(problems_in(error), lines)) from None


class _NotOfItsKindError(yaml.MarkedYAMLError):
    """A value that is not valid for its YAML type."""


class _Loader(yaml.SafeLoader):
    """PyYAML's loader, but a value such as 2026-02-30 raises a `YAMLError`, not a `ValueError`."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002  PyYAML's own
        """Return the value of *node*, or raise a `YAMLError` that has the line."""
        try:
            return super().construct_object(node, deep=deep)
        except (ArithmeticError, AttributeError, LookupError, ValueError):
            raise _NotOfItsKindError(problem_mark=node.start_mark) from None


def _read(text: str) -> tuple[Any, dict[str, int], list[Problem]]:
    """Return the content of *text*, the line of every place in it, and the duplicate keys.

    Raises:
        YAMLError, RecursionError: it cannot be parsed, or is nested too deeply.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines, repeated = _survey(node)
        document = loader.construct_document(node) if node is not None else None
    finally:
        loader.dispose()
    return document, lines, repeated


def _not_yaml(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = "this is not well-formed YAML"
    if isinstance(error, _NotOfItsKindError):
        what = "this value is not of its kind, like a date that no calendar has; quote a text"
    # PyYAML's own text may quote the file.
    return Problem("", what, mark.line + 1 if mark else None)


def _survey(root: yaml.Node | None) -> tuple[dict[str, int], list[Problem]]:
    """Return the line of every place, and the keys that occur twice in one mapping.

    YAML lets the later of two equal keys win in silence; here that is an error.
    """
    lines: dict[str, int] = {}
    repeated: list[Problem] = []
    seen: set[int] = set()
    todo: list[tuple[_Parts, yaml.Node]] = [((), root)] if root else []
    while todo:
        path, node = todo.pop()
        # An anchor's node is visited again at each of its aliases, which may be inside the node.
        if id(node) in seen:
            continue
        seen.add(id(node))
        keys: set[str | int] = set()
        for key, marked, child in _children(node):
            place, line = place_of((*path, key)), marked.start_mark.line + 1
            if key in keys:
                repeated.append(Problem(place, "stands here twice", line))
            keys.add(key)
            lines.setdefault(place, line)
            todo.append(((*path, key), child))
    return lines, repeated


def _children(node: yaml.Node) -> Iterator[tuple[str | int, yaml.Node, yaml.Node]]:
    """Each key or index in *node*, the node that marks its line, and what it holds."""
    if isinstance(node, yaml.SequenceNode):
        for index, each in enumerate(node.value):
            yield index, each, each
    elif isinstance(node, yaml.MappingNode):
        for key, each in node.value:
            yield str(key.value), key, each


def _with_lines(problems: Iterable[Problem], lines: Lines) -> list[Problem]:
    placed = [replace(each, line=each.line or _line_of(each.place, lines)) for each in problems]
    return sorted(placed, key=lambda problem: problem.line or 0)


def _line_of(place: str, lines: Lines) -> int | None:
    """The line of *place*, or of the nearest place around it that is in the file."""
    while place and place not in lines:
        place = place[: max(place.rfind("."), place.rfind("["), 0)]
    return lines.get(place)
