"""What docs/in-python.md shows a service's developer, run as it stands there."""

import json
import os
import re
import subprocess
import sys

import pytest
import requests
from tests.local_stack.harness import Harness

from tokenvend_local import places
from tokenvend_local.stack import LocalStack

PAGE = (places.ROOT / "docs" / "in-python.md").read_text(encoding="utf-8")
#: Shows what the API says to the token, and never the token.
_THEN = """
said = {"status": response.status_code, "scope": token["scope"], "sha": token["token_sha256"]}
print(json.dumps(said))
"""


def _blocks(section: str) -> str:
    text = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))


@pytest.mark.parametrize(
    "section", ["A workload with an IAM role", "An OAuth client", "A direct invocation"]
)
def test_snippet_gets_a_token_that_opens_the_api(
    stack: LocalStack, harness: Harness, section: str
) -> None:
    credential, caller = harness.name("jobs"), harness.name("service")
    harness.credential(credential)
    role = harness.role(caller, may_invoke=caller)
    harness.caller(caller, iam=role, client_id=caller, direct=role)
    harness.grant(caller, credential)
    harness.apply()
    issued = harness.new_client(caller)
    values = {
        "tokens": stack.deployed.api_url,
        "region": places.REGION,
        "function": stack.deployed.outputs["VendDirectFunctionName"],
        "caller": caller,
        "client_id": issued.client_id,
        "client_secret": issued.client_secret,
        "api": stack.provider.url + "/jobs",
    }
    assert _blocks(section)
    script = "import json, os\nglobals().update(json.loads(os.environ['VALUES']))\n" + "\n".join(
        [_blocks(section).replace('"sr-jobs"', repr(credential)), _blocks("Call the API"), _THEN]
    )
    environ = places.environment(
        {"VALUES": json.dumps(values), "AWS_ENDPOINT_URL": stack.deployed.endpoint}
        | role.as_environment()
        # The workload's own Region is not that of the API.
        | {"AWS_DEFAULT_REGION": "us-west-2", "AWS_REGION": "us-west-2"},
        inherited=os.environ,
    )

    ran = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert (said["status"], said["scope"]) == (requests.codes.ok, "jobs_read")
    assert len(said["sha"]) == 64
