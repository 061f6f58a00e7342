"""Who may invoke a caller's alias: the resource policy, read and written."""

import json
from collections.abc import Sequence
from typing import Any, Protocol

from botocore.exceptions import ClientError

from tokenvend_cli.problems import CommandError

_INVOKE = "lambda:InvokeFunction"
_NOT_FOUND = "ResourceNotFoundException"
_SID = "tokenvend"
#: Error codes by which Lambda refuses this one policy, for example because a principal was
#: deleted: it may still accept another alias's policy.
_POLICY_REFUSED = frozenset(
    {"InvalidParameterValueException", "PolicyLengthExceededException", "PublicPolicyException"}
)
_TOO_OLD = (
    "this botocore is too old to protect callers' aliases (it lacks PutResourcePolicy): install"
    " botocore 1.43.80 or later"
)


class PolicyRefusedError(Exception):
    """Lambda refused the policy of one alias. The text is Lambda's reason."""


class AliasPolicies(Protocol):
    """The policies of one function's aliases."""

    def allows_only(self, alias_arn: str, principals: Sequence[str]) -> bool:
        """Whether *principals*, and nobody else, may invoke the alias."""

    def allow_only(self, alias_arn: str, principals: Sequence[str]) -> None:
        """Let *principals*, and nobody else, invoke the alias.

        Raises:
            PolicyRefusedError: Lambda refused the policy, for example because of a principal.
        """


def alias_policy(alias_arn: str, principals: Sequence[str]) -> dict[str, Any]:
    """Return the policy of one caller's alias: its principals may invoke it, nobody else may.

    Deny is needed because Lambda honours identity policies too: without it, any principal of
    the account with `lambda:InvokeFunction` on everything would be this caller.
    `aws:PrincipalArn` is a role's own ARN, path and all, whatever its session. AWS services
    have none, so they are denied as well.
    """
    common = {"Action": _INVOKE, "Resource": alias_arn}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "ItsPrincipals", "Effect": "Allow", "Principal": {"AWS": [*principals]}}
            | common,
            {
                "Sid": "NobodyElse",
                "Effect": "Deny",
                "Principal": "*",
                "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [*principals]}},
            }
            | common,
        ],
    }


class ResourcePolicies:
    """`AliasPolicies` as whole documents, the only form that takes Deny."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def allows_only(self, alias_arn: str, principals: Sequence[str]) -> bool:
        """See `AliasPolicies`."""
        self._check_botocore()
        try:
            answer = self._client.get_resource_policy(ResourceArn=alias_arn)
        except ClientError as error:
            _raise_unless_absent(error)
            return False
        found = json.loads(answer["Policy"])
        return bool(_normal(found) == _normal(alias_policy(alias_arn, principals)))

    def allow_only(self, alias_arn: str, principals: Sequence[str]) -> None:
        """See `AliasPolicies`. It replaces the whole policy."""
        self._check_botocore()
        policy = json.dumps(alias_policy(alias_arn, principals))
        try:
            self._client.put_resource_policy(ResourceArn=alias_arn, Policy=policy)
        except ClientError as error:
            _raise_refusal(error)
            raise

    def _check_botocore(self) -> None:
        if not hasattr(self._client, "put_resource_policy"):
            raise CommandError(_TOO_OLD)


class Permissions:
    """`AliasPolicies` on the local AWS, which knows neither PutResourcePolicy nor Deny."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def allows_only(self, alias_arn: str, principals: Sequence[str]) -> bool:
        """See `AliasPolicies`."""
        return set(self._statements(alias_arn).values()) == set(principals)

    def allow_only(self, alias_arn: str, principals: Sequence[str]) -> None:
        """See `AliasPolicies`."""
        target = _function_and_alias(alias_arn)
        for sid in self._statements(alias_arn):
            self._client.remove_permission(StatementId=sid, **target)
        for index, principal in enumerate(principals):
            # The local AWS wants ids that no other alias of the function has.
            sid = f"{_SID}-{target['Qualifier']}-{index}"
            self._client.add_permission(
                StatementId=sid, Action=_INVOKE, Principal=principal, **target
            )

    def _statements(self, alias_arn: str) -> dict[str, str]:
        """The principal that each statement allows, by the statement's id."""
        try:
            answer = self._client.get_policy(**_function_and_alias(alias_arn))
        except ClientError as error:
            _raise_unless_absent(error)
            return {}
        statements = json.loads(answer["Policy"])["Statement"]
        return {each["Sid"]: _principal(each["Principal"]) for each in statements}


def _function_and_alias(alias_arn: str) -> dict[str, str]:
    function, alias = alias_arn.split(":")[-2:]
    return {"FunctionName": function, "Qualifier": alias}


def _principal(principal: Any) -> str:
    return str(principal.get("AWS", principal) if isinstance(principal, dict) else principal)


def _normal(value: Any) -> Any:
    """Normalise *value*, because AWS may write the same policy in several ways."""
    if value == {"AWS": "*"}:
        return "*"
    if isinstance(value, dict):
        return {key: _normal(each) for key, each in value.items()}
    if isinstance(value, list):
        each = [_normal(one) for one in value]
        return each[0] if len(each) == 1 else sorted(each, key=repr)
    return value


def _raise_refusal(error: ClientError) -> None:
    found = error.response["Error"]
    if found["Code"] in _POLICY_REFUSED:
        raise PolicyRefusedError(found.get("Message") or found["Code"]) from None


def _raise_unless_absent(error: ClientError) -> None:
    if error.response["Error"]["Code"] != _NOT_FOUND:
        raise error
