"""Ask the policy evaluator in tests/node what a role may do."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from scripts.expand import ACCOUNT
from tests.policies.recorded import Request
from tests.policies.resolved import Document

NODE = Path(__file__).parents[1] / "node"


def decisions_of(
    policies: Mapping[str, list[Document]], role: str, requests: list[Request]
) -> list[str]:
    """The evaluator's word for each request: `Allowed`, or how it is denied."""
    requested = {
        "account": ACCOUNT,
        "policies": {role: policies[role]},
        "requests": [each.of(role) for each in requests],
    }
    ran = subprocess.run(
        ["node", NODE / "evaluate.mjs"],
        input=json.dumps(requested),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    answers = json.loads(ran.stdout)
    for request, answer in zip(requests, answers, strict=True):
        assert not answer["errors"], (request, answer)
        assert not answer["ignored"], (request, answer)
    return [answer["decision"] for answer in answers]
