"""Read `tokenvend.yaml` and say all that is wrong with it at once."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.problems import CommandError, ConfigurationError


class _UniqueKeys(yaml.SafeLoader):
    """YAML lets a later key replace an earlier one in silence; here that is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                line = node.start_mark.line + 1
                raise ConfigurationError([f"line {line}: the key {key} stands there twice"])
        return super().construct_mapping(node, deep)


def load_configuration(path: Path) -> ConfigurationModel:
    """The file at *path*, well-formed; what it means is checked by `semantics`.

    Raises:
        CommandError: there is no such file.
        ConfigurationError: with one line for each problem: its place in the file, and the mend.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from None
    return parse_configuration(text)


def parse_configuration(text: str) -> ConfigurationModel:
    """See `load_configuration`."""
    try:
        document = yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise ConfigurationError([f"{line}this is not well-formed YAML"]) from None
    try:
        return ConfigurationModel.model_validate(document)
    except ValidationError as error:
        # The input is left out of the text: somebody may have pasted a secret here.
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        raise ConfigurationError([_line(problem) for problem in problems]) from None


def _line(problem: Any) -> str:
    place = ""
    for part in problem["loc"]:
        place += f"[{part}]" if isinstance(part, int) else f".{part}"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{place.lstrip('.') or 'the file'}: {message[0].lower()}{message[1:]}"
