"""What the documents are compared with: the repository's files and its template."""

from pathlib import Path
from typing import Any

import yaml
from tests.template.conftest import CloudFormation

ROOT = Path(__file__).parents[2]


LAYER = ROOT / "layers" / "tokenvend" / "python" / "tokenvend"


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def template() -> dict[str, Any]:
    template: dict[str, Any] = yaml.load(text_of("template.yaml"), Loader=CloudFormation)  # noqa: S506
    return template
