"""All examples, deployed once into the session's stack.

Fixtures
    examples    an `Examples`: the outputs of each example's stack, and the API that all call.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.local_stack.examples.deploying import Deployer
from tests.local_stack.examples.front import Front, serving_front
from tests.local_stack.harness import Harness

from tokenvend_local.stack import LocalStack

#: By example: its caller's name in tokenvend.yaml, as the template has it by default.
CALLERS = {"sqs-worker": "jobs-queue", "step-functions": "jobs-task"}
CUSTOMERS = ("acme", "globex")


@dataclass(frozen=True, slots=True)
class Examples:
    """What is deployed. `credential` is a family; `CUSTOMERS` are granted, others are not."""

    stack: LocalStack
    front: Front
    credential: str
    outputs: dict[str, dict[str, str]]


@pytest.fixture(scope="session")
def examples(
    stack: LocalStack, harness: Harness, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Examples]:
    with serving_front(stack.provider.url) as front:
        credential = harness.name("partner")
        harness.family(credential, [*CUSTOMERS, "initech"])
        deployer = Deployer(stack, tmp_path_factory.mktemp("client"))
        for example in CALLERS:
            parameters = {"Credential": credential, "ApiUrl": front.address_for(example)}
            deployer.start(example, parameters)
        outputs = {example: deployer.outputs(example) for example in CALLERS}
        for example, caller in CALLERS.items():
            # As each page says it: the caller is the function's role, by direct invocation.
            harness.configuration["callers"][caller] = {
                "identities": [],
                "direct": {"principals": [outputs[example]["RoleArn"]]},
            }
            harness.grant(caller, credential, tenants=list(CUSTOMERS))
        harness.apply()
        # The runtime logs what a function raises for its invoker to retry.
        stack.expected_errors.add("RetryableError|PermanentError")
        yield Examples(stack, front, credential, outputs)
