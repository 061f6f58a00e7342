"""IAM roles and users of the local AWS, and requests signed by them.

A role or user that was created is checked in full: its signature and its policies. The
account's root is not: ministack lets a 12-digit key through whatever its signature.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from requests.auth import AuthBase

from tokenvend_local import places
from tokenvend_local.deployment import Deployed, client

_SESSION_SECONDS = 12 * 3600
_ANYBODY_HERE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
    ],
}


@dataclass(frozen=True, slots=True)
class Principal:
    """A role's session or a user, with its keys. `unique_id` is that of the role or user."""

    name: str
    arn: str
    unique_id: str
    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def as_client_arguments(self) -> dict[str, str]:
        """Return the keys, as `boto3.client` takes them."""
        token = {"aws_session_token": self.session_token} if self.session_token else {}
        return {
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
            **token,
        }

    def as_environment(self) -> dict[str, str]:
        """Return the keys as environment variables, as a command takes them."""
        return {name.upper(): value for name, value in self.as_client_arguments().items()}


class SignedBy(AuthBase):
    """Signs a request to API Gateway (SigV4): `requests.post(url, auth=SignedBy(role))`."""

    def __init__(self, principal: Principal) -> None:
        self._credentials = Credentials(
            principal.access_key_id, principal.secret_access_key, principal.session_token
        )

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the headers that prove who sends it."""
        signed = AWSRequest(request.method, request.url, data=request.body or b"")
        signed.headers["Content-Type"] = request.headers.get("Content-Type", "")
        SigV4Auth(self._credentials, "execute-api", places.REGION).add_auth(signed)
        request.headers.update(dict(signed.headers))
        return request


class Principals:
    """Makes roles and users in the local AWS."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed
        self._iam = client(deployed.endpoint, "iam")
        self._sts = client(deployed.endpoint, "sts")

    def role(
        self,
        name: str,
        *,
        path: str = "/",
        statements: Sequence[dict[str, Any]] = (),
        policies: Sequence[str] = (),
    ) -> Principal:
        """Create a role with *statements* and *policies* (ARNs), and return a session of it."""
        made = self._iam.create_role(
            RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(_ANYBODY_HERE)
        )["Role"]
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            self._iam.put_role_policy(RoleName=name, PolicyName="calls", PolicyDocument=document)
        for arn in policies:
            self._iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        return self.session(name, made["Arn"], made["RoleId"])

    def session(self, name: str, arn: str, unique_id: str) -> Principal:
        """Create a session of an existing role."""
        keys = self._sts.assume_role(
            RoleArn=arn, RoleSessionName=f"{name}-1", DurationSeconds=_SESSION_SECONDS
        )["Credentials"]
        return Principal(
            name,
            arn,
            unique_id,
            keys["AccessKeyId"],
            keys["SecretAccessKey"],
            keys["SessionToken"],
        )

    def user(
        self, name: str, *, path: str = "/", statements: Sequence[dict[str, Any]] = ()
    ) -> Principal:
        """Create an IAM user with an access key."""
        made = self._iam.create_user(UserName=name, Path=path)["User"]
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            self._iam.put_user_policy(UserName=name, PolicyName="calls", PolicyDocument=document)
        key = self._iam.create_access_key(UserName=name)["AccessKey"]
        return Principal(
            name, made["Arn"], made["UserId"], key["AccessKeyId"], key["SecretAccessKey"]
        )

    def may_sign(self) -> dict[str, Any]:
        """Return the statement that lets a caller reach `/iam/…`."""
        api = self._deployed.outputs["VendingApiId"]
        arn = f"arn:aws:execute-api:{places.REGION}:{places.ACCOUNT}:{api}/{places.STAGE}"
        return {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{arn}/POST/iam/*"}

    def may_invoke(self, alias: str | None) -> dict[str, Any]:
        """Return the statement that lets a caller invoke the direct function through *alias*.

        With `None` it allows any name, as a permission on `*` does.
        """
        name = self._deployed.outputs["VendDirectFunctionName"]
        arn = f"arn:aws:lambda:{places.REGION}:{places.ACCOUNT}:function:{name}"
        resource = f"{arn}:{alias}" if alias else [arn, f"{arn}:*"]
        return {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": resource}
