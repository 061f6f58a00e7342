"""Remove everything that a run made, also an incomplete run, and report what is left."""

from collections.abc import Callable, Iterator
from functools import partial

from botocore.exceptions import ClientError

from tokenvend_deploy.retained import LogGroups, retained_kinds
from tokenvend_smoke.account import Account
from tokenvend_smoke.rows.failing import broken_stacks
from tokenvend_smoke.rows.released import release_bucket, release_stack
from tokenvend_smoke.stacks import (
    delete_stack,
    events_name,
    fixtures_name,
    network_name,
    resources_made,
)

#: The role's name in the template.
_LOGS_ROLE = "ApiGatewayLogsRoleForAccount"
_GONE = {"NoSuchEntity", "NoSuchBucket", "ResourceNotFoundException", "404"}


def remove_everything(account: Account) -> list[str]:
    """Remove everything; return what could not be removed, as texts. It never raises."""
    left: list[str] = []
    for what, step in _steps(account):
        try:
            step()
        except Exception as error:  # noqa: BLE001  whatever one step meets, the others are taken
            if isinstance(error, ClientError) and error.response["Error"]["Code"] in _GONE:
                continue
            left.append(f"{what}: {error}")
    return left


def _steps(account: Account) -> Iterator[tuple[str, Callable[[], object]]]:
    deployment = account.deployment_id
    stacks = [account.stack, *broken_stacks(account), release_stack(deployment)]
    for stack in stacks:
        yield f"the stack {stack}", partial(delete_stack, account, stack)
    for stack in stacks:
        yield f"what the stack {stack} retained", partial(_delete_retained, account, stack)
    # The network is deleted after the functions in it, the stand-in when nothing calls it.
    for stack in (events_name(account), network_name(account), fixtures_name(account)):
        yield f"the stack {stack}", partial(delete_stack, account, stack)
    yield f"the secrets tokenvend/{deployment}/…", lambda: _delete_secrets(account)
    yield "the role of a caller that goes", lambda: _delete_role(account)
    yield "the restored table", lambda: _delete_table(account)
    yield "the release's bucket", lambda: _delete_bucket(account)
    # Last: an invocation that was under way may have made its log group again.
    yield "log groups that were made again", lambda: _delete_log_groups(account)


def _delete_retained(account: Account, stack: str) -> None:
    """Delete what every stack that ever had this name left behind.

    They are found in the stacks' events, read after the deletion, so that the list is final.
    """
    made = resources_made(account.client("cloudformation"), stack)
    for kind in retained_kinds(account.client):
        for each in made:
            if each.type == kind.type and kind.exists(each.name):
                kind.unprotect(each.name)
                kind.delete(each.name)
    for each in made:
        if each.logical_id == _LOGS_ROLE:
            _delete_logs_role(account, each.name)


def _delete_log_groups(account: Account) -> None:
    logs = account.client("logs")
    kind = LogGroups(logs)
    pages = logs.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix=f"/tokenvend/{account.deployment_id}/"
    )
    for name in [each["logGroupName"] for page in pages for each in page["logGroups"]]:
        kind.unprotect(name)
        kind.delete(name)


def _delete_logs_role(account: Account, name: str) -> None:
    """Delete API Gateway's role for logs; if API Gateway uses this role, clear that setting."""
    iam, gateway = account.client("iam"), account.client("apigateway")
    if gateway.get_account().get("cloudwatchRoleArn", "").rpartition("/")[2] == name:
        gateway.update_account(
            patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}]
        )
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    for policy in attached:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    iam.delete_role(RoleName=name)


def _delete_secrets(account: Account) -> None:
    secrets = account.client("secretsmanager")
    prefix = f"tokenvend/{account.deployment_id}/"
    pages = secrets.get_paginator("list_secrets").paginate(
        Filters=[{"Key": "name", "Values": [prefix]}]
    )
    for name in [each["Name"] for page in pages for each in page["SecretList"]]:
        # The service also matches words inside a name, so the prefix is compared again.
        if name.startswith(prefix):
            secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def _delete_role(account: Account) -> None:
    account.client("iam").delete_role(RoleName=f"{account.deployment_id}-doomed")


def _delete_table(account: Account) -> None:
    dynamodb, name = account.client("dynamodb"), f"{account.deployment_id}-restored"
    dynamodb.describe_table(TableName=name)
    # A table that is still being made cannot be deleted.
    dynamodb.get_waiter("table_exists").wait(
        TableName=name, WaiterConfig={"Delay": 20, "MaxAttempts": 120}
    )
    dynamodb.delete_table(TableName=name)


def _delete_bucket(account: Account) -> None:
    s3, bucket = account.client("s3"), release_bucket(account.deployment_id, account.number)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for each in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=each["Key"])
    s3.delete_bucket(Bucket=bucket)
