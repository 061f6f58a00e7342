"""What the documents say is what the code does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from tests.template.conftest import CloudFormation

from tokenvend.domain import errors
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.request import PARAMETERS
from tokenvend_cli.configuration.profiles import load_profile, profile_names
from tokenvend_cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _error_classes(base: type[TokenVendError] = TokenVendError) -> Iterator[type[TokenVendError]]:
    for each in base.__subclasses__():
        yield each
        yield from _error_classes(each)


def test_every_error_is_documented_with_its_status() -> None:
    rows = set(re.findall(r"\| (\d{3}) \| `(\w+)` \|", _text("docs/requests.md")))

    assert rows == {(str(int(each.status)), each.code) for each in _error_classes()}
    assert errors.__doc__ is not None
    assert all(each.__name__ in errors.__doc__ for each in _error_classes())


def test_every_parameter_of_a_request_is_documented() -> None:
    table = _text("docs/requests.md").partition("## The answer")[0]

    assert set(re.findall(r"`(\w+)`", table)) >= PARAMETERS


def test_every_parameter_of_the_template_is_documented_with_its_default() -> None:
    template: dict[str, Any] = yaml.load(_text("template.yaml"), Loader=CloudFormation)  # noqa: S506
    page = _text("docs/deploying.md")

    for name, parameter in template["Parameters"].items():
        default = f"`{parameter['Default']}`" if parameter["Default"] != "" else "empty"
        assert f"| `{name}` | {default} | {parameter['Description']} |" in page


def test_every_profile_is_documented_with_its_parameters() -> None:
    rows = dict(re.findall(r"\| `([a-z0-9-]+)` \| ([^|]*)\|", _text("docs/configuration.md")))

    assert {name: set(re.findall(r"`(\w+)`", rows[name])) for name in profile_names()} == {
        name: set(load_profile(name).parameters) for name in profile_names()
    }


def test_every_command_that_a_page_shows_exists() -> None:
    group: Any = typer.main.get_command(app)
    shown = {
        match
        for page in PAGES
        for match in re.findall(r"tokenvend ((?:secret|caller) [a-z-]+|[a-z]+)\b", _text(str(page)))
    }
    known = set(group.commands) | {
        f"{noun} {verb}" for noun in ("secret", "caller") for verb in group.commands[noun].commands
    }

    starts = {each for each in shown if each.split()[0] in group.commands}
    assert starts
    assert starts <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []
