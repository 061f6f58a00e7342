"""The examples for CDK and Terraform name what the template really has."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import hcl2
import pytest
from scripts.expand import load

ROOT = Path(__file__).parents[2]
CDK, TERRAFORM = ROOT / "examples" / "cdk", ROOT / "examples" / "terraform"
#: The release adds these to the template's own parameters.
OF_THE_RELEASE = {"ArtifactBucket", "ArtifactPrefix"}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return load()


def _parameters(template: dict[str, Any]) -> set[str]:
    return set(template["Parameters"]) | OF_THE_RELEASE


def test_the_cdk_example_synthesizes_with_parameters_and_outputs_of_the_template(
    template: dict[str, Any], tmp_path: Path
) -> None:
    npm = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(npm, cwd=CDK, check=True, capture_output=True, timeout=300)

    environ = {**os.environ, "CDK_OUTDIR": str(tmp_path)}
    subprocess.run(["node", "app.mjs"], cwd=CDK, env=environ, check=True, timeout=120)

    made = json.loads((tmp_path / "platform.template.json").read_text(encoding="utf-8"))
    nested = made["Resources"]["Tokenvend"]["Properties"]
    used = set(re.findall(r"Outputs\.(\w+)", json.dumps(made)))
    assert nested["Parameters"].keys() <= _parameters(template)
    assert "template.yaml" in json.dumps(nested["TemplateURL"])
    assert used <= template["Outputs"].keys()
    assert used


def test_the_terraform_example_has_parameters_and_outputs_of_the_template(
    template: dict[str, Any],
) -> None:
    text = (TERRAFORM / "main.tf").read_text(encoding="utf-8")
    document: Any = hcl2.loads(text)

    flat = json.dumps(document)
    (stack,) = document["resource"]
    assert "aws_cloudformation_stack" in json.dumps(stack)
    block = text.partition("parameters = {")[2].partition("}")[0]
    parameters = set(re.findall(r"^\s+(\w+)\s+=", block, re.MULTILINE))
    used = set(re.findall(r'outputs\[\\*"(\w+)', flat))
    assert parameters <= _parameters(template)
    assert parameters >= OF_THE_RELEASE
    assert used <= template["Outputs"].keys()
    assert used
