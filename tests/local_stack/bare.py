"""One caller by each way in, and the built functions as Lambda would start them for it."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.local_stack.harness import Harness

from tokenvend_local import places
from tokenvend_local.callers import OAuthClient
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack

VENDING = ("VendDirectFunction", "VendIamFunction", "VendOauth2Function")
_FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """For each function, a credential that only it is asked for."""

    caller: str
    credentials: Mapping[str, str]
    role: Principal
    client: OAuthClient

    def direct(self) -> dict[str, Any]:
        """The event of an invocation through the caller's alias."""
        return {"credential": self.credentials["VendDirectFunction"]}

    def by_role(self) -> dict[str, Any]:
        """The event that API Gateway makes of a request that the role signed."""
        session = f"arn:aws:sts::{places.ACCOUNT}:assumed-role/{self.role.name}/{self.role.name}-1"
        identity = {"userArn": session, "user": f"{self.role.unique_id}:{self.role.name}-1"}
        return self._http("VendIamFunction", _FORM, identity)

    def by_client(self) -> dict[str, Any]:
        """The event that it makes of a request with the client's id and secret."""
        pair = f"{self.client.client_id}:{self.client.client_secret}".encode()
        headers = _FORM | {"authorization": f"Basic {b64encode(pair).decode()}"}
        return self._http("VendOauth2Function", headers, {})

    def _http(
        self, function: str, headers: dict[str, str], identity: dict[str, str]
    ) -> dict[str, Any]:
        return {
            "httpMethod": "POST",
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "pathParameters": {"credential": self.credentials[function]},
            "requestContext": {"identity": identity},
            "body": "grant_type=client_credentials",
            "isBase64Encoded": False,
        }


def prepare_stage(harness: Harness) -> Scenario:
    """Apply it, and write the secrets."""
    caller = harness.name("bare")
    role = harness.role(caller)
    harness.caller(caller, iam=role, client_id=caller, direct=role)
    credentials = {function: harness.name("bare-jobs") for function in VENDING}
    for credential in credentials.values():
        harness.credential(credential)
        harness.grant(caller, credential)
    harness.apply()
    return Scenario(caller, credentials, role, harness.new_client(caller))


def deployed_variables(stack: LocalStack, function: str) -> dict[str, str]:
    """The variables that *function* was deployed with, and the account's root's credentials.

    A function that a deployment with these parameters leaves out has none of its own.
    """
    own = {}
    if name := stack.physical_ids().get(function):
        deployed = stack.client("lambda").get_function_configuration(FunctionName=name)
        own = dict(deployed["Environment"]["Variables"])
    return own | {
        "AWS_ENDPOINT_URL": stack.endpoint,
        "AWS_ACCESS_KEY_ID": places.ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local-stack",
    }
