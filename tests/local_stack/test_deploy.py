"""`make deploy` on a local AWS: the first time, again, changed, refused, and failed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tokenvend_deploy.built import find_foreign_code
from tokenvend_local import artifact, deployment, local_aws, places
from tokenvend_local.errors import LocalStackError
from tokenvend_local.sam import run_sam
from tokenvend_local.saved_state import FOLDER

type Deploy = Callable[..., subprocess.CompletedProcess[str]]

FILE = """
version: 1
providers: {acme: {token_endpoint: "https://login.acme.example/token"}}
credentials: {jobs: {provider: acme, scopes: [read]}}
callers: {shop: {identities: [{client: shop-web}]}}
grants: [{caller: shop, credential: jobs, scopes: [read]}]
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = Path(__file__).with_name("refusing_aws_server.py")
    with local_aws.running(FOLDER / "deploy", server=server) as endpoint:
        yield endpoint


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokenvend.yaml"


@pytest.fixture
def deploy(endpoint: str, file: Path) -> Deploy:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        parameters = ("LocalStack=true", f"Architecture={places.architecture()}")
        return subprocess.run(
            [
                *(sys.executable, "-m", "tokenvend_deploy", "--endpoint-url", endpoint),
                *("--file", str(file), *arguments, *parameters),
            ],
            cwd=places.ROOT,
            env=places.environment({}, endpoint=endpoint, inherited=os.environ),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def _parameters(endpoint: str, stack: str) -> dict[str, str]:
    (found,) = deployment.client(endpoint, "cloudformation").describe_stacks(StackName=stack)[
        "Stacks"
    ]
    return {each["ParameterKey"]: each["ParameterValue"] for each in found["Parameters"]}


def _function(endpoint: str, part: str) -> str:
    functions = deployment.client(endpoint, "lambda").list_functions()["Functions"]
    (name,) = [each["FunctionName"] for each in functions if part in each["FunctionName"]]
    return str(name)


def test_one_command_deploys_applies_and_says_what_runs(
    deploy: Deploy, endpoint: str, file: Path
) -> None:
    first = deploy("DeletionProtection=false")
    file.write_text(FILE, encoding="utf-8")
    again = deploy()
    unprotected = _parameters(endpoint, "tokenvend")["DeletionProtection"]
    changed = deploy("MemorySeconds=5", "DeletionProtection=true")
    renamed = deploy("DeploymentId=another")

    assert first.returncode == 0, first.stdout + first.stderr
    assert "Deploying for the first time" in first.stdout
    assert "write it, then run `tokenvend apply`" in first.stdout
    assert "8 functions run what was built" in first.stdout
    assert again.returncode == 0, again.stdout + again.stderr
    assert "for the first time" not in again.stdout
    assert "Applied." in again.stdout
    assert unprotected == "false"
    vend = _function(endpoint, "VendIam")
    live = deployment.client(endpoint, "lambda").get_function_configuration(
        FunctionName=f"{vend}:live"
    )
    assert changed.returncode == 0, changed.stdout + changed.stderr
    assert live["Environment"]["Variables"]["TOKENVEND_MEMORY_SECONDS"] == "5"
    assert _parameters(endpoint, "tokenvend")["DeletionProtection"] == "true"
    assert renamed.returncode == 1
    assert "the deployment tokenvend, and you ask for another" in renamed.stdout
    assert "Nothing was deployed." in renamed.stderr


@pytest.mark.parametrize(
    ("part", "file_name"),
    [("JwksFunction", "app.py"), (artifact.LAYER, "python/tokenvend/domain/bounds.py")],
)
def test_code_that_is_not_what_was_built_is_named(
    deploy: Deploy, endpoint: str, part: str, file_name: str
) -> None:
    deploy()
    functions = deployment.client(endpoint, "lambda")
    names = {"JwksFunction": _function(endpoint, "Jwks")}
    built = artifact.AWS_BUILD / part / file_name
    whole = built.read_bytes()
    assert list(find_foreign_code(functions, names, artifact.AWS_BUILD)) == []

    built.write_bytes(whole + b"# one more line\n")
    try:
        (found,) = find_foreign_code(functions, names, artifact.AWS_BUILD)
    finally:
        built.write_bytes(whole)

    assert (found.part, found.files) == (part, (file_name,))


def test_a_former_registry_is_never_taken_for_a_loss_of_nothing(
    deploy: Deploy, endpoint: str, file: Path
) -> None:
    """A new stack of the same deployment: its blocks are in the former one's table."""
    file.write_text(FILE, encoding="utf-8")

    second = deploy("--stack", "second")

    assert second.returncode == 1, second.stdout + second.stderr
    former = [
        name
        for name in deployment.client(endpoint, "dynamodb").list_tables()["TableNames"]
        if name.startswith("tokenvend-RegistryTable")
    ]
    assert f"restore registry --from {former[0]}" in second.stdout
    assert "the registry is empty" in second.stdout + second.stderr


def test_a_first_deployment_that_fails_leaves_nothing(deploy: Deploy, endpoint: str) -> None:
    before = _what_costs(endpoint)

    failed = deploy("--stack", "broken")

    assert failed.returncode == 1
    assert "no rule for this stack" in failed.stderr
    assert _statuses(endpoint, "broken") == ["DELETE_COMPLETE"]
    assert _what_costs(endpoint) == before


def test_a_protected_first_deployment_that_fails_is_removed_by_one_command(
    deploy: Deploy, endpoint: str
) -> None:
    """As `sam deploy --guided` and a release make it: protection stops the roll back."""
    before = _what_costs(endpoint)
    with pytest.raises(LocalStackError):
        run_sam(
            *("deploy", "--template-file", str(artifact.AWS_BUILD / "template.yaml")),
            *(
                "--stack-name",
                "broken-protected",
                "--resolve-s3",
                "--capabilities",
                "CAPABILITY_IAM",
            ),
            *("--no-confirm-changeset", "--parameter-overrides", "LocalStack=true"),
            f"Architecture={places.architecture()}",
            log=FOLDER / "deploy" / "sam.log",
            endpoint=endpoint,
        )
    stuck, left = _statuses(endpoint, "broken-protected"), _what_costs(endpoint)

    again = deploy("--stack", "broken-protected")
    removed = deploy("--stack", "broken-protected", "--remove-failed")

    assert (stuck, left["tables"] > before["tables"]) == (["ROLLBACK_FAILED"], True)
    assert "--remove-failed --stack broken-protected" in again.stdout
    assert removed.returncode == 0, removed.stdout + removed.stderr
    assert _statuses(endpoint, "broken-protected") == ["DELETE_COMPLETE"]
    assert _what_costs(endpoint) == before


def _statuses(endpoint: str, stack: str) -> list[str]:
    stacks = deployment.client(endpoint, "cloudformation").list_stacks()["StackSummaries"]
    return [each["StackStatus"] for each in stacks if each["StackName"] == stack]


def _what_costs(endpoint: str) -> dict[str, set[str]]:
    keys = deployment.client(endpoint, "kms")
    states = {
        each["KeyId"]: keys.describe_key(KeyId=each["KeyId"])["KeyMetadata"]["KeyState"]
        for each in keys.list_keys()["Keys"]
    }
    groups = deployment.client(endpoint, "logs").describe_log_groups()["logGroups"]
    return {
        "tables": set(deployment.client(endpoint, "dynamodb").list_tables()["TableNames"]),
        "log groups": {each["logGroupName"] for each in groups},
        "keys": {key for key, state in states.items() if not state.startswith("Pending")},
    }


def test_a_parameter_that_the_template_has_not_is_refused(deploy: Deploy) -> None:
    result = deploy("MemorySecond=5")

    assert result.returncode == 1
    assert "The template has no parameter MemorySecond." in result.stderr
