"""The template as it stands in the file, its short tags written out."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.template.deployed import deployed

from tokenvend_local import artifact, places

ROOT = Path(__file__).parents[2]


class CloudFormation(yaml.SafeLoader):
    """Reads `!Ref x` as `{"Ref": "x"}`, and `!GetAtt` and the rest alike."""


def _tagged(loader: CloudFormation, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


CloudFormation.add_multi_constructor("!", _tagged)


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """template.yaml, its short tags written out."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.load(text, Loader=CloudFormation)  # noqa: S506 - safe
    return document


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    """The template's resources by logical id."""
    found: dict[str, Any] = template["Resources"]
    return found


@pytest.fixture(scope="session")
def on_aws(template: dict[str, Any]) -> dict[str, Any]:
    """A deployment with every default, and the pages."""
    return deployed(template, ConsentPages="true")


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the build, to change at will."""
    artifact.build(tmp_path_factory.mktemp("log") / "build.log")
    folder = tmp_path_factory.mktemp("build") / "sam"
    shutil.copytree(places.SAM_BUILD, folder)
    return folder


@pytest.fixture
def changed_build(build: Path, tmp_path: Path) -> Path:
    """Another copy, for one test alone."""
    folder = tmp_path / "changed"
    shutil.copytree(build, folder)
    return folder
