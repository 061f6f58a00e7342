"""Bring the deployment into the state that a stage's rows need, and return its parameters."""

from collections.abc import Mapping

from tokenvend_smoke.outcome import NotRunError
from tokenvend_smoke.run import Smoke
from tokenvend_smoke.stacks import make_events, make_network


def snapshots_and_few_requests(_: Smoke) -> Mapping[str, str]:
    """Restore environments from snapshots, and allow few requests."""
    return {"SnapStart": "true", "ThrottlingRate": "5", "ThrottlingBurst": "5"}


def provisioned(_: Smoke) -> Mapping[str, str]:
    """Provision environments, and allow many requests."""
    return {
        "SnapStart": "false",
        "ProvisionedConcurrency": "1",
        "ThrottlingRate": "100",
        "ThrottlingBurst": "200",
    }


def beside_a_pipe_and_a_stream(smoke: Smoke) -> Mapping[str, str]:
    """Make the stack with the pipe and the stream."""
    make_events(smoke.account)
    return {}


def in_a_vpc(smoke: Smoke) -> Mapping[str, str]:
    """Make a VPC, and put the functions into it."""
    if not smoke.options.with_network:
        raise NotRunError("left out by NETWORK=no")
    made = make_network(smoke.account)
    return {
        "ProvisionedConcurrency": "0",
        "SubnetIds": made["SubnetId"],
        "SecurityGroupIds": made["SecurityGroupId"],
    }


def with_a_domain(smoke: Smoke) -> Mapping[str, str]:
    """Serve the API under the owner's domain."""
    domain, certificate = smoke.options.domain, smoke.options.certificate
    if not domain or not certificate:
        raise NotRunError("give DOMAIN=… and CERTIFICATE=… (an ACM certificate for that name)")
    return {"VendingDomainName": domain, "VendingCertificateArn": certificate}
