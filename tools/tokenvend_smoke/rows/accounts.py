"""A caller of another account, which may sign as long as `AllowedAccounts` names that account."""

import json
from typing import Any

import boto3

from tokenvend_smoke.callers import Signed, error_of, session_keys
from tokenvend_smoke.configuration import MACHINE
from tokenvend_smoke.outcome import NotRunError
from tokenvend_smoke.run import Smoke
from tokenvend_smoke.waiting import wait_until

_OK, _REFUSED = 200, 401
_MAY_CALL = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}


def a_changed_policy_is_in_force(smoke: Smoke) -> None:
    """The other account's role gets a token while it is allowed, and 401 when it no longer is.

    Within one account the role's own policy would be enough: API Gateway unites both policies.
    """
    if smoke.options.other_profile is None:
        raise NotRunError("give OTHER_PROFILE=…, a profile of another account")
    session: Any = boto3.Session(profile_name=smoke.options.other_profile)
    number = session.client("sts").get_caller_identity()["Account"]
    account, iam, name = (
        smoke.account,
        session.client("iam"),
        f"{smoke.account.deployment_id}-other",
    )
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(_trust(number)))["Role"]
    try:
        iam.put_role_policy(RoleName=name, PolicyName="calls", PolicyDocument=_policy(_MAY_CALL))
        smoke.write_file(other_role=role["Arn"])
        account.deploy(smoke.file, AllowedAccounts=f"{account.number},{number}")
        signed = Signed(session_keys(session.client("sts"), role["Arn"]), account.region)

        def answer_of_other_account() -> dict[str, Any]:
            return smoke.caller.post(f"/iam/{MACHINE}/token", signed, {"scope": "s1"})

        wait_until(
            lambda: answer_of_other_account()["status"] == _OK,
            minutes=3,
            otherwise=f"while it is allowed it is answered {error_of(answer_of_other_account())}",
        )
        account.deploy(smoke.file, AllowedAccounts=account.number)
        wait_until(
            lambda: answer_of_other_account()["status"] == _REFUSED,
            minutes=3,
            otherwise="an account that is not allowed any more is still answered",
        )
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="calls")
        iam.delete_role(RoleName=name)
        smoke.write_file()
        account.tokenvend("apply", "--yes", "--file", str(smoke.file))


def _trust(number: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"AWS": number}, "Action": "sts:AssumeRole"}


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
