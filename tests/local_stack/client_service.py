"""A caller of the deployed stack that may use every way in of the client library."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.local_stack.harness import Harness

from tokenvend_client import Client, DirectInvocation, OAuthClient, SignedRequests
from tokenvend_client.aws.sigv4 import AwsCredentials
from tokenvend_client.errors import Failure
from tokenvend_client.request import Call
from tokenvend_client.secret import Secret
from tokenvend_client.ways_in import Document, WayIn
from tokenvend_local import places
from tokenvend_local.callers import OAuthClient as Issued
from tokenvend_local.demo_provider.clients import Client as OAuthEndpointClient
from tokenvend_local.demo_provider.clients import Flavour
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack

RETURN_URL = "http://127.0.0.1:9/connected"
#: Long enough for a busy machine to answer ahead of a token's end.
LIFE_SECONDS = 60
STANDARD = Flavour.STANDARD


@dataclass(frozen=True, slots=True)
class Service:
    """A caller that may use every way in, and what it may have."""

    stack: LocalStack
    name: str
    credential: str
    provider_clients: dict[str, OAuthEndpointClient]
    to_report: dict[str, str]
    to_replace: dict[str, str]
    consented: str
    short_lived: str
    role: Principal
    issued: Issued

    @property
    def function(self) -> str:
        return f"{self.stack.deployed.outputs['VendDirectFunctionName']}:{self.name}"

    def credentials(self) -> AwsCredentials:
        role = self.role
        token = Secret(role.session_token) if role.session_token else None
        return AwsCredentials(role.access_key_id, Secret(role.secret_access_key), token)

    def environment(self, way_in: str) -> dict[str, str]:
        url = {"TOKENVEND_URL": self.stack.deployed.api_url}
        named = {
            "direct": {"TOKENVEND_FUNCTION": self.function},
            "signed": url,
            "oauth": url
            | {
                "TOKENVEND_CLIENT_ID": self.issued.client_id,
                "TOKENVEND_CLIENT_SECRET": self.issued.client_secret,
            },
        }
        return named[way_in] | {"TOKENVEND_REGION": places.REGION, "AWS_REGION": "us-west-2"}


WAYS: dict[str, Callable[[Service], WayIn]] = {
    "oauth": lambda service: OAuthClient(
        service.stack.deployed.api_url, service.issued.client_id, service.issued.client_secret
    ),
    "signed": lambda service: SignedRequests(
        service.stack.deployed.api_url, region=places.REGION, credentials=service.credentials
    ),
    "direct": lambda service: DirectInvocation(
        service.function,
        region=places.REGION,
        credentials=service.credentials,
        endpoint=service.stack.endpoint,
    ),
}


def new_service(stack: LocalStack, harness: Harness) -> Service:
    """Deploy a caller with every way in, and its grants."""
    credential, name = harness.name("jobs"), harness.name("client")
    to_report = {way_in: harness.name(f"report-{way_in}") for way_in in WAYS}
    to_replace = {way_in: harness.name(f"replace-{way_in}") for way_in in WAYS}
    consented = harness.name("hiring")
    short_lived = harness.name("short")
    provider_clients = {
        short_lived: harness.credential(short_lived, lifetime_seconds=LIFE_SECONDS),
        **{each: harness.credential(each) for each in (credential, *to_report.values())},
        **{each: harness.credential(each, flavour=STANDARD) for each in to_replace.values()},
    }
    harness.consent_credential(consented)
    role = harness.role(name, may_invoke=name)
    harness.caller(name, iam=role, client_id=f"{name}-web", direct=role, title="Careers site")
    for each in provider_clients:
        harness.grant(name, each)
    harness.grant(name, consented, return_urls=[RETURN_URL])
    harness.apply()
    issued = harness.new_client(name)
    return Service(
        stack=stack,
        name=name,
        credential=credential,
        provider_clients=provider_clients,
        to_report=to_report,
        to_replace=to_replace,
        consented=consented,
        short_lived=short_lived,
        role=role,
        issued=issued,
    )


def patient_client(way_in: WayIn) -> Client:
    """A client that also waits for cold workers on a machine that is busy otherwise."""
    return Client(way_in, timeout_seconds=120)


class CountedWayIn:
    """A way in that counts its attempts."""

    def __init__(self, way_in: WayIn) -> None:
        self._way_in = way_in
        self.attempts = 0

    def send(self, call: Call, *, timeout_seconds: float) -> Document | Failure:
        self.attempts += 1
        return self._way_in.send(call, timeout_seconds=timeout_seconds)
