"""Each example's own template, deployed into the local AWS as it stands.

`sam package` would only put code in a bucket and write its address into the template. That is done
here for all examples at once, so that each deployment is one call of CloudFormation.
"""

import io
import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.expand import load

from scripts import client as client_library
from tokenvend_local.places import ROOT
from tokenvend_local.stack import LocalStack

EXAMPLES = ROOT / "examples"
BUCKET = "examples-code"
_CODE, _LAYER = "src.zip", "layer.zip"
_WITHIN_SECONDS = 60.0


class Deployer:
    """Puts the code in a bucket once, and then deploys one template after another."""

    def __init__(self, stack: LocalStack, folder: Path) -> None:
        self._cloudformation = stack.client("cloudformation")
        s3 = stack.client("s3")
        s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        _, layer = client_library.build(folder)
        s3.put_object(Bucket=BUCKET, Key=_LAYER, Body=layer.read_bytes())
        s3.put_object(Bucket=BUCKET, Key=_CODE, Body=_zipped(EXAMPLES / "src"))

    def start(self, example: str, parameters: Mapping[str, str]) -> None:
        """Begin to deploy an example's template, with those of *parameters* that it has."""
        template = load(EXAMPLES / example / "template.yaml")
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            if "CodeUri" in properties:
                assert properties["CodeUri"] == "../src"
                properties["CodeUri"] = f"s3://{BUCKET}/{_CODE}"
            if "ContentUri" in properties:
                properties["ContentUri"] = f"s3://{BUCKET}/{_LAYER}"
        self._cloudformation.create_stack(
            StackName=f"example-{example}",
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
                if name in template["Parameters"]
            ],
        )

    def outputs(self, example: str) -> dict[str, str]:
        """The outputs of a stack, once it is there."""
        deadline = time.monotonic() + _WITHIN_SECONDS
        while True:
            name = f"example-{example}"
            (stack,) = self._cloudformation.describe_stacks(StackName=name)["Stacks"]
            if stack["StackStatus"] == "CREATE_COMPLETE":
                found = stack.get("Outputs", [])
                return {each["OutputKey"]: each["OutputValue"] for each in found}
            assert stack["StackStatus"] == "CREATE_IN_PROGRESS", self._reasons(name)
            assert time.monotonic() < deadline, f"{name} is not there yet"
            time.sleep(0.1)

    def _reasons(self, name: str) -> list[Any]:
        events = self._cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        return [
            (each["LogicalResourceId"], each.get("ResourceStatusReason"))
            for each in events
            if "FAILED" in each["ResourceStatus"]
        ]


def _zipped(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.glob("*.py")):
            archive.write(path, path.name)
    return packed.getvalue()
