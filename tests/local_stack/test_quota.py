"""A caller's limit, over functions that are deployed: each has environments of its own."""

from tests.local_stack.harness import Harness

from tokenvend_local.callers import ask_as_client, ask_directly, ask_signed
from tokenvend_local.stack import LocalStack


def test_limit_holds_over_every_entry_together(stack: LocalStack, harness: Harness) -> None:
    jobs, name = harness.name("jobs"), harness.name("limited")
    harness.credential(jobs)
    role = harness.role(name, may_invoke=name)
    # Half a minute for each request: no permit comes back while the three are made.
    limit = {"requests_per_minute": 2, "burst": 2}
    harness.caller(name, iam=role, client_id=f"{name}-web", direct=role, **limit)
    harness.grant(name, jobs)
    harness.apply()
    issued = harness.new_client(name)

    first = ask_signed(stack.deployed, role, jobs)
    second = ask_as_client(stack.deployed, issued, jobs)
    over_http = ask_signed(stack.deployed, role, jobs)
    answer = ask_directly(stack.deployed, role, name, {"requests": [{"credential": jobs}]})

    assert (first.status, second.status) == (200, 200)
    assert (over_http.status, over_http.error) == (429, "temporarily_unavailable")
    assert 1 <= int(over_http.headers["Retry-After"]) <= 30
    (directly,) = answer.document["answers"]
    assert (directly["error"], directly["retryable"]) == ("temporarily_unavailable", True)
    assert 1 <= directly["retry_after_seconds"] <= 30
