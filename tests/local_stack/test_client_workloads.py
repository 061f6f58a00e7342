"""The client library proves a workload by its platform's token, over both ways that take one."""

from collections.abc import Callable

import pytest
from tests.local_stack.ci_platform import Ci, ci, issuer

from tokenvend_client import Client, DirectInvocation, RefusedError, WorkloadToken
from tokenvend_client.aws.sigv4 import AwsCredentials
from tokenvend_client.secret import Secret
from tokenvend_client.subject_tokens import SubjectTokenSource
from tokenvend_client.ways_in import WayIn
from tokenvend_local import places

__all__ = ["ci", "issuer"]


WayInBy = Callable[[SubjectTokenSource], WayIn]


@pytest.fixture(params=["oauth2", "direct"])
def way_in(ci: Ci, request: pytest.FixtureRequest) -> WayInBy:
    if request.param == "oauth2":
        return lambda source: WorkloadToken(ci.stack.deployed.api_url, source)
    worker = ci.harness.role(ci.harness.name("worker"), may_invoke="Workloads")
    ci.harness.configuration["direct_workloads"] = {"principals": [worker.arn]}
    ci.harness.apply()
    session = Secret(worker.session_token) if worker.session_token else None
    aws = AwsCredentials(worker.access_key_id, Secret(worker.secret_access_key), session)
    return lambda source: DirectInvocation(
        f"{ci.stack.deployed.outputs['VendDirectFunctionName']}:Workloads",
        region=places.REGION,
        credentials=lambda: aws,
        endpoint=ci.stack.endpoint,
        subject_token=source,
    )


@pytest.fixture
def credential(ci: Ci) -> str:
    """One of its own for each test: a replacement is not replaced at once."""
    name = ci.harness.name("jobs")
    ci.harness.credential(name)
    ci.harness.grant(ci.caller, name)
    ci.harness.apply()
    return name


def test_workload_gets_a_token_reports_it_and_goes_on(
    ci: Ci,
    way_in: WayInBy,
    credential: str,
    keep_out_of_logs: set[str],
) -> None:
    shown: list[str] = []

    def fresh() -> Secret:
        shown.append(ci.token(jti=f"client-{len(shown)}"))
        return Secret(shown[-1])

    client = Client(way_in(fresh), timeout_seconds=120)

    token = client.token(credential, scope="jobs_read")
    another = client.replace(token)

    keep_out_of_logs.update({token.reveal(), another.reveal()})
    assert token.scope == "jobs_read"
    assert another.token_sha256 != token.token_sha256
    assert client.token(credential, scope="jobs_read") is another
    # One for the token, one for the report, one for what came after it: each is made anew.
    assert len(set(shown)) == len(shown) >= 3


def test_token_that_proves_nobody_is_refused_and_not_shown(
    ci: Ci,
    way_in: WayInBy,
) -> None:
    expired = ci.token(exp=1_700_000_000)

    with pytest.raises(RefusedError) as caught:
        Client(way_in(lambda: Secret(expired)), timeout_seconds=120).token(ci.credential)

    assert caught.value.code == "invalid_request"
    assert expired not in str(caught.value)
