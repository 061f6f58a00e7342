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
from tests.policies.attached import ARN, CALLER, FORBIDDEN, INVOKE, VEND, decide, filled

ROOT = Path(__file__).parents[2]
CDK, TERRAFORM = ROOT / "examples" / "cdk", ROOT / "examples" / "terraform"
#: The release adds these to the template's own parameters.
OF_THE_RELEASE = {"ArtifactBucket", "ArtifactPrefix"}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return load()


def _parameters(template: dict[str, Any]) -> set[str]:
    return set(template["Parameters"]) | OF_THE_RELEASE


@pytest.fixture(scope="module")
def cdk() -> Path:
    """The folder of the CDK programs, with the library installed."""
    npm = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(npm, cwd=CDK, check=True, capture_output=True, timeout=300)
    return CDK


def _synthesized(cdk: Path, program: str, stack: str, folder: Path, **variables: str) -> Any:
    environ = {**os.environ, "CDK_OUTDIR": str(folder), **variables}
    subprocess.run(["node", program], cwd=cdk, env=environ, check=True, timeout=120)
    return json.loads((folder / f"{stack}.template.json").read_text(encoding="utf-8"))


def test_the_cdk_example_synthesizes_with_parameters_and_outputs_of_the_template(
    template: dict[str, Any], cdk: Path, tmp_path: Path
) -> None:
    made = _synthesized(cdk, "app.mjs", "platform", tmp_path)

    nested = made["Resources"]["Tokenvend"]["Properties"]
    used = set(re.findall(r"Outputs\.(\w+)", json.dumps(made)))
    assert nested["Parameters"].keys() <= _parameters(template)
    assert "template.yaml" in json.dumps(nested["TemplateURL"])
    assert used <= template["Outputs"].keys()
    assert used


def test_the_cdk_program_lets_a_function_invoke_its_own_alias_and_no_other(
    cdk: Path, tmp_path: Path
) -> None:
    made = _synthesized(cdk, "attach.mjs", "jobs", tmp_path, VEND_FUNCTION=VEND, CALLER=CALLER)
    resources = made["Resources"].values()
    (policy,) = (each for each in resources if each["Type"] == "AWS::IAM::Policy")
    document = filled(policy["Properties"]["PolicyDocument"])
    asked = {"its own alias": (INVOKE, f"{ARN}:{CALLER}"), **FORBIDDEN}

    assert decide({"Worker": [document]}, asked) == {"Worker": {"its own alias"}}


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
