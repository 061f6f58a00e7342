"""What the examples attach to a function: the right to invoke its own alias, and nothing else."""

import pytest
from scripts.expand import expand, load, locate_code
from tests.policies.attached import (
    ARN,
    CALLER,
    ELSEWHERE,
    EXAMPLES,
    FORBIDDEN,
    INVOKE,
    NAMES,
    VEND,
    decide,
    filled,
    policies_of,
    policies_of_terraform,
)

TEMPLATES = sorted(
    path.parent.name
    for path in EXAMPLES.glob("*/template.yaml")
    if "VendFunction" in path.read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def allowed() -> dict[str, set[str]]:
    """By where a policy stands: what it allows, of its own alias and all that is forbidden."""
    policies = policies_of_terraform()
    for example in TEMPLATES:
        policies |= {f"{example}/{name}": each for name, each in policies_of(example).items()}
    return decide(policies, {"its own alias": (INVOKE, f"{ARN}:{CALLER}"), **FORBIDDEN})


@pytest.mark.parametrize("source", [*TEMPLATES, "Terraform"])
def test_worker_may_invoke_its_own_alias_and_no_other(
    allowed: dict[str, set[str]], source: str
) -> None:
    found = {name: what for name, what in allowed.items() if name.partition("/")[0] == source}

    assert found
    assert found == {name: {"its own alias"} for name in found}


def test_policy_template_of_sam_would_let_it_invoke_more() -> None:
    template = locate_code(load(EXAMPLES / "attach" / "template.yaml"), {})
    worker = template["Resources"]["Worker"]["Properties"]
    worker["Policies"] = [{"LambdaInvokePolicy": {"FunctionName": f"{VEND}:{CALLER}"}}]
    resources = expand(template, {"VendFunction": VEND, "Caller": CALLER})["Resources"]
    (policy,) = resources["WorkerRole"]["Properties"]["Policies"]

    found = decide({"Role": [filled(policy["PolicyDocument"])]}, FORBIDDEN)

    assert found == {"Role": {"an alias that begins the same"}}


def test_service_may_ask_for_tokens_of_its_credential_and_reach_nothing_else() -> None:
    template = load(EXAMPLES / "container-service" / "template.yaml")
    (policy,) = template["Resources"]["WorkerRole"]["Properties"]["Policies"]
    names = {**NAMES, "VendingApiId": "api1", "Credential": "partner"}
    api = f"{ELSEWHERE.format('execute-api')}:api1/v1"
    own = {
        name: ("execute-api:Invoke", f"{api}/POST/iam/partner/{path}")
        for name, path in {"a token": "token", "a report": "token/reject"}.items()
    }
    beyond = {
        "another credential": ("execute-api:Invoke", f"{api}/POST/iam/payroll/token"),
        "one that begins the same": ("execute-api:Invoke", f"{api}/POST/iam/partner-2/token"),
        "users' consents": ("execute-api:Invoke", f"{api}/POST/iam/partner/connections/start"),
        "another stage": ("execute-api:Invoke", f"{api}2/POST/iam/partner/token"),
        "the API's settings": ("apigateway:PATCH", "arn:aws:apigateway:eu-west-1::/restapis/api1"),
        **FORBIDDEN,
    }

    found = decide({"Role": [filled(policy["PolicyDocument"], names)]}, {**own, **beyond})

    assert found == {"Role": own.keys()}
