"""The release artefact: the same bytes each time, whole, and deployed without SAM."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripts.expand import expand, load
from tests.template.deployed import deployed

from tokenvend_deploy.release import ARCHITECTURES, assemble
from tokenvend_local import artifact, deployment, local_aws, places
from tokenvend_local.saved_state import FOLDER

BUCKET = "releases"


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A build for each processor. Both are this machine's: what they hold is not looked at."""
    artifact.build(tmp_path_factory.mktemp("log") / "build.log")
    folders = {}
    for architecture in ARCHITECTURES:
        folders[architecture] = tmp_path_factory.mktemp(architecture) / "sam"
        shutil.copytree(places.SAM_BUILD, folders[architecture])
    return folders


@pytest.fixture(scope="module")
def release(builds: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("release") / "tokenvend"
    assemble(builds, target)
    return target


def _digests(release: Path) -> str:
    return (release / "SHA256SUMS").read_text(encoding="utf-8")


def _expanded(release: Path, **parameters: str) -> dict[str, Any]:
    return expand(load(release / "template.yaml"), {"ArtifactBucket": BUCKET, **parameters})


def test_the_same_build_makes_the_same_bytes(
    builds: dict[str, Path], release: Path, tmp_path: Path
) -> None:
    assemble(builds, tmp_path / "again")

    assert _digests(tmp_path / "again") == _digests(release)


def test_the_digests_are_those_of_all_files(release: Path) -> None:
    listed = dict(line.split("  ")[::-1] for line in _digests(release).splitlines())
    files = {str(path.relative_to(release)) for path in release.rglob("*") if path.is_file()}

    assert listed.keys() == files - {"SHA256SUMS"}
    for name, digest in listed.items():
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_template_takes_all_its_code_from_the_artefact(
    release: Path, architecture: str
) -> None:
    template = load(release / "template.yaml")
    text = json.dumps(deployed(_expanded(release), ConsentPages="true", ArtifactBucket=BUCKET))
    mapped = template["Mappings"]["Layers"][architecture]["Key"]
    named = set(re.findall(r"functions/\w+-[0-9a-f]{16}\.zip", text)) | {mapped}

    assert len(named) == 10
    assert all((release / name).is_file() for name in named)
    assert str(places.ROOT) not in (release / "template.yaml").read_text(encoding="utf-8")


def test_the_bill_of_materials_names_what_the_layer_pins(release: Path) -> None:
    document = json.loads((release / "sbom.cdx.json").read_text(encoding="utf-8"))
    components = {each["name"].lower() for each in document["components"]}

    assert document["bomFormat"] == "CycloneDX"
    assert {"cryptography", "requests", "aws-lambda-powertools"} <= components


def test_a_changed_layer_publishes_every_function_by_the_artefact_too(
    builds: dict[str, Path], release: Path, tmp_path: Path
) -> None:
    folders = {}
    for architecture, folder in builds.items():
        folders[architecture] = tmp_path / architecture
        shutil.copytree(folder, folders[architecture])
    changed = folders["x86_64"] / artifact.LAYER / "python" / "tokenvend" / "domain" / "bounds.py"
    changed.write_text(changed.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assemble(folders, tmp_path / "next")

    before, after = _versions(_expanded(release)), _versions(_expanded(tmp_path / "next"))

    assert len(before) == 9
    assert before.isdisjoint(after)


def _versions(template: dict[str, Any]) -> set[str]:
    return {
        name
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::Lambda::Version"
    }


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with local_aws.running(FOLDER / "release") as endpoint:
        yield endpoint


def test_it_is_deployed_with_s3_and_cloudformation_alone(release: Path, endpoint: str) -> None:
    s3, where = deployment.client(endpoint, "s3"), {"LocationConstraint": places.REGION}
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    for path in release.rglob("*"):
        if path.is_file():
            s3.upload_file(str(path), BUCKET, f"r/{path.relative_to(release)}")
    parameters = {
        "ArtifactBucket": BUCKET,
        "ArtifactPrefix": "r/",
        "LocalStack": "true",
        "Architecture": places.architecture(),
    }
    cloudformation = deployment.client(endpoint, "cloudformation")

    cloudformation.create_stack(
        StackName="by-artefact",
        TemplateURL=f"{endpoint}/{BUCKET}/r/template.yaml",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="by-artefact", WaiterConfig={"Delay": 1}
    )

    (stack,) = cloudformation.describe_stacks(StackName="by-artefact")["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    functions = deployment.client(endpoint, "lambda")
    name = f"{outputs['MetadataFunctionName']}:live"
    event = {
        "pathParameters": {"credential": "jobs"},
        "stageVariables": {"issuer_base": "https://x"},
    }
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    assert json.loads(answer["Payload"].read())["statusCode"] == 200
