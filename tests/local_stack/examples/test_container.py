"""The service on ECS: its deployed task definition, run as a process with its task's role."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from tests.local_stack.examples.conftest import Examples
from tests.local_stack.examples.containers import credentials_of, running
from tests.local_stack.examples.deploying import EXAMPLES
from tests.local_stack.examples.searching import Kept

from tokenvend_client.ways_in.choose import VARIABLES
from tokenvend_local import places
from tokenvend_local.principals import Principal
from tokenvend_local.processes import LOOPBACK, free_port


@pytest.fixture
def container(examples: Examples) -> dict[str, Any]:
    """The container of the task definition that was deployed."""
    arn = examples.outputs["container-service"]["TaskArn"]
    described = examples.stack.client("ecs").describe_task_definition(taskDefinition=arn)
    (found,) = described["taskDefinition"]["containerDefinitions"]
    return dict(found)


def _session_as_ecs_has_it(examples: Examples, arn: str) -> Principal:
    """A session of the task's role, which trusts ECS alone: ECS is not here to take it."""
    name = arn.rpartition("/")[2]
    iam = examples.stack.client("iam")
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    assert [each["Principal"] for each in trust["Statement"]] == [
        {"Service": "ecs-tasks.amazonaws.com"}
    ]
    trust["Statement"] = [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    ]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    return examples.stack.principals.session(name, arn, "")


def test_service_answers_with_the_role_of_its_task_and_no_secret(
    examples: Examples, container: dict[str, Any], kept: Kept, tmp_path: Path
) -> None:
    outputs = examples.outputs["container-service"]
    role = _session_as_ecs_has_it(examples, outputs["RoleArn"])
    own = {each["name"]: each["value"] for each in container["environment"]}
    # A container has an address of its own; here it shares this machine's loopback.
    here = {"HOST": LOOPBACK, "PORT": str(free_port()), "AWS_REGION": places.REGION}
    url, log = f"http://{LOOPBACK}:{here['PORT']}", tmp_path / "service.log"
    examples.front.planned["container-service"].extend([(200, ""), (503, "7")])

    with (
        credentials_of(role, tmp_path) as given,
        running(container["command"], {**own, **here, **given}, log),
    ):
        health = requests.get(f"{url}/healthz", timeout=30)
        first, away, good, refused, lost = (
            requests.get(f"{url}{path}", timeout=60)
            for path in (
                *("/customers/acme/jobs", "/customers/acme/jobs", "/customers/acme/jobs"),
                *("/customers/initech/jobs", "/customers/../jobs"),
            )
        )

    assert (health.status_code, first.json()["jobs"]) == (200, 0)
    assert (away.status_code, away.headers["Retry-After"]) == (503, "8")
    assert good.json() == {"customer": "acme", "jobs": 3}
    assert (refused.status_code, refused.json()) == (502, {"error": "invalid_target"})
    assert lost.status_code == 404
    kept.keep([each.text for each in (health, first, away, good, refused, lost)])
    kept.keep(log.read_text())
    kept.keep(container)
    assert role.secret_access_key not in "".join(kept.texts)
    kept.check()


def test_deployment_for_kubernetes_runs_the_same_as_the_task(container: dict[str, Any]) -> None:
    text = (EXAMPLES / "container-service" / "kubernetes.yaml").read_text(encoding="utf-8")
    account, deployment = yaml.safe_load_all(text)
    pod = deployment["spec"]["template"]["spec"]
    (found,) = pod["containers"]
    names = {each["name"] for each in found["env"]}

    assert pod["serviceAccountName"] == account["metadata"]["name"]
    assert found["command"] == container["command"]
    assert {each for each in names if each.startswith("TOKENVEND_")} <= set(VARIABLES)
    assert names - {"TOKENVEND_REGION"} == {each["name"] for each in container["environment"]}
    assert found["ports"][0]["containerPort"] == container["portMappings"][0]["containerPort"]
    assert "secret" not in json.dumps(deployment).lower()


def test_image_has_what_the_command_needs(container: dict[str, Any]) -> None:
    text = (EXAMPLES / "container-service" / "Dockerfile").read_text(encoding="utf-8")
    copied = [
        word for line in text.splitlines() if line.startswith("COPY") for word in line.split()
    ]
    sources = [places.ROOT / each for each in copied if each.startswith("examples/")]

    assert {path.name for path in sources} >= {"jobs_api.py", "service.py", "requirements.txt"}
    assert all(path.is_file() for path in sources)
    assert json.dumps(container["command"]) in text
