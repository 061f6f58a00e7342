"""All examples, deployed once into the session's stack.

Fixtures
    examples    an `Examples`: the outputs of each example's stack, and the API that all call.
    kept        a `Kept`, in which a test collects what was kept between the functions.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.local_stack.examples.deploying import Deployer
from tests.local_stack.examples.front import Front, serving_front
from tests.local_stack.examples.searching import Kept
from tests.local_stack.harness import Harness

from tokenvend_local.stack import LocalStack

#: By example: its caller's name in tokenvend.yaml, as the template has it by default.
CALLERS = {
    "sqs-worker": "jobs-queue",
    "step-functions": "jobs-task",
    "eventbridge-rule": "jobs-event",
    "eventbridge-pipe": "jobs-pipe",
    "dynamodb-stream": "jobs-stream",
    "scheduled-export": "jobs-export",
    "container-service": "jobs-service",
}
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
            own = {"Credential": credential, "ApiUrl": front.address_for(example)}
            deployer.start(example, {**_of_the_deployment(stack), **own})
        outputs = {example: deployer.outputs(example) for example in CALLERS}
        for example, caller in CALLERS.items():
            # As each page says it: a function invokes its alias, and the service signs.
            role = outputs[example]["RoleArn"]
            signs = example == "container-service"
            harness.configuration["callers"][caller] = (
                {"identities": [{"iam": role}]} if signs else {"direct": {"principals": [role]}}
            )
            harness.grant(caller, credential, tenants=list(CUSTOMERS))
        harness.apply()
        # The runtime logs what a function raises for its invoker to retry.
        stack.expected_errors.add("RetryableError|PermanentError")
        _run_now(stack, outputs["scheduled-export"]["ScheduleName"])
        yield Examples(stack, front, credential, outputs)


@pytest.fixture
def kept(examples: Examples) -> Kept:
    return Kept(examples.stack)


def _of_the_deployment(stack: LocalStack) -> dict[str, str]:
    """The templates' parameters that say where tokenvend is; the network is anything here."""
    return {
        "VendFunction": stack.deployed.outputs["VendDirectFunctionName"],
        "VendingApiId": stack.deployed.outputs["VendingApiId"],
        "VendingApiUrl": stack.api_url,
        "Image": "jobs-service:1",
        "SubnetIds": "subnet-1",
        "SecurityGroupIds": "sg-1",
    }


def _run_now(stack: LocalStack, schedule: str) -> None:
    """Have a schedule with the same target and role come now; the local AWS looks every 10 s.

    The same schedule with another time would not do: the local AWS thinks that it ran already.
    """
    scheduler = stack.client("scheduler")
    found = scheduler.get_schedule(Name=schedule)
    scheduler.create_schedule(
        Name=f"{schedule}-now",
        ScheduleExpression="at(2020-01-01T00:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=found["Target"],
    )
