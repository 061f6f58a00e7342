"""Remove everything that a run made, however far it got, and say what is left."""

from collections.abc import Callable, Iterator
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from tokenvend_deploy.retained import retained_kinds
from tokenvend_smoke.account import Account
from tokenvend_smoke.rows.failing import broken_stacks
from tokenvend_smoke.rows.released import release_bucket, release_stack
from tokenvend_smoke.stacks import StackFailedError, delete_stack, fixtures_name, network_name

_GONE = {"NoSuchEntity", "NoSuchBucket", "ResourceNotFoundException", "404"}


def remove_everything(account: Account, *, made_logs_role: bool) -> list[str]:
    """Remove it; what could not be removed, each in words. Nothing is raised."""
    left: list[str] = []
    for what, step in _steps(account, made_logs_role=made_logs_role):
        try:
            step()
        except (ClientError, BotoCoreError, WaiterError, StackFailedError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] in _GONE:
                continue
            left.append(f"{what}: {error}")
    return left


def _steps(account: Account, *, made_logs_role: bool) -> Iterator[tuple[str, Callable[[], object]]]:
    deployment = account.deployment_id
    stacks = [account.stack, *broken_stacks(account), release_stack(deployment)]
    for stack in stacks:
        yield f"the stack {stack}", partial(_delete_with_retained, account, stack)
    # The network goes after the functions that were in it, the stand-in when nobody asks it.
    for stack in (network_name(account), fixtures_name(account)):
        yield f"the stack {stack}", partial(delete_stack, account, stack)
    yield f"the secrets tokenvend/{deployment}/…", lambda: _delete_secrets(account)
    yield "the role of a caller that goes", lambda: _delete_role(account)
    yield "the restored table", lambda: _delete_table(account)
    yield "the release's bucket", lambda: _delete_bucket(account)
    if made_logs_role:
        yield (
            "API Gateway's role for logs",
            lambda: account.client("apigateway").update_account(
                patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}]
            ),
        )


def _delete_with_retained(account: Account, stack: str) -> None:
    """Delete every stack that ever had this name, and what each of them left behind."""
    cloudformation = account.client("cloudformation")
    summaries = [
        each
        for page in cloudformation.get_paginator("list_stacks").paginate()
        for each in page["StackSummaries"]
        if each["StackName"] == stack
    ]
    made: set[tuple[str, str]] = set()
    for each in summaries:
        pages = cloudformation.get_paginator("describe_stack_events")
        for page in pages.paginate(StackName=each["StackId"]):
            made |= {
                (event["ResourceType"], event["PhysicalResourceId"])
                for event in page["StackEvents"]
                if event.get("PhysicalResourceId")
            }
    delete_stack(account, stack)
    for kind in retained_kinds(account.client):
        for resource_type, name in sorted(made):
            if resource_type == kind.type and kind.exists(name):
                kind.unprotect(name)
                kind.delete(name)


def _delete_secrets(account: Account) -> None:
    secrets = account.client("secretsmanager")
    prefix = f"tokenvend/{account.deployment_id}/"
    pages = secrets.get_paginator("list_secrets").paginate(
        Filters=[{"Key": "name", "Values": [prefix]}]
    )
    for name in [each["Name"] for page in pages for each in page["SecretList"]]:
        # The service matches words of a name as well, so its beginning is looked at again.
        if name.startswith(prefix):
            secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def _delete_role(account: Account) -> None:
    account.client("iam").delete_role(RoleName=f"{account.deployment_id}-doomed")


def _delete_table(account: Account) -> None:
    account.client("dynamodb").delete_table(TableName=f"{account.deployment_id}-restored")


def _delete_bucket(account: Account) -> None:
    s3, bucket = account.client("s3"), release_bucket(account.deployment_id, account.number)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for each in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=each["Key"])
    s3.delete_bucket(Bucket=bucket)
