"""Items in the tables: they expire, are restored, or were altered."""

import time
from contextlib import suppress
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from tokenvend_smoke.callers import CALLER, error_of
from tokenvend_smoke.configuration import MACHINE, USER
from tokenvend_smoke.metrics import wait_for_alarm
from tokenvend_smoke.outcome import NotRunError, require
from tokenvend_smoke.run import Smoke
from tokenvend_smoke.stacks import delete_stack
from tokenvend_smoke.waiting import wait_until

#: AWS gives no time limit for deleting expired items; most are deleted within the hour.
_EXPIRY_MINUTES = 30
#: What a restored deployment needs of its former parameters.
_AS_AT_FIRST = {
    "DeploymentId",
    "ConsentPages",
    "DeletionProtection",
    "ApiGatewayLogsRole",
    "SecretKeyArn",
}


def expired_items_go(smoke: Smoke) -> None:
    """An item that has expired is deleted by DynamoDB."""
    table, dynamodb = smoke.account.outputs()["TokensTableName"], smoke.account.client("dynamodb")
    described = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if described["TimeToLiveStatus"] == "ENABLING":
        raise NotRunError("DynamoDB is still enabling it, which may take an hour")
    require(described["TimeToLiveStatus"] == "ENABLED", f"it is {described['TimeToLiveStatus']}")
    key = {"pk": {"S": "token#smoke-expired"}}
    dynamodb.put_item(TableName=table, Item={**key, "ttl": {"N": str(int(time.time()) - 60)}})
    end = time.monotonic() + _EXPIRY_MINUTES * 60
    while "Item" in dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True):
        if time.monotonic() > end:
            raise NotRunError(f"still there after {_EXPIRY_MINUTES} min; AWS promises no time")
        time.sleep(30)


def point_in_time_recovery_works(smoke: Smoke) -> None:
    """A table restored to a point in time has every connection."""
    dynamodb, outputs = smoke.account.client("dynamodb"), smoke.account.outputs()
    table, restored = outputs["ConnectionsTableName"], f"{smoke.account.deployment_id}-restored"
    smoke.caller.consent(USER)
    after = datetime.now(UTC)

    def restorable() -> bool:
        recovery = dynamodb.describe_continuous_backups(TableName=table)[
            "ContinuousBackupsDescription"
        ]["PointInTimeRecoveryDescription"]
        return bool(recovery.get("LatestRestorableDateTime", after) > after)

    wait_until(restorable, minutes=15, otherwise="the consent cannot be restored yet")
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=table, TargetTableName=restored, UseLatestRestorableTime=True
    )
    try:
        dynamodb.get_waiter("table_exists").wait(
            TableName=restored, WaiterConfig={"Delay": 20, "MaxAttempts": 120}
        )
        said = smoke.account.tokenvend("restore", "connections", "--from", restored, "--dry-run")
    finally:
        # A table that is still being made cannot be deleted; the end of the run tries again.
        with suppress(ClientError):
            dynamodb.delete_table(TableName=restored)
    require("keep" in said, f"the command does not say keep: {said.strip()}")


def an_altered_item_raises_the_alarm(smoke: Smoke) -> None:
    """One byte of a token's item is changed; the next function that reads it reports it."""
    caller, scope = smoke.caller, smoke.new_scope()
    dynamodb, table = smoke.account.client("dynamodb"), smoke.account.outputs()["TokensTableName"]
    before = _tokens(smoke)
    first = caller.directly(MACHINE, scope=scope)
    require("access_token" in first, f"no token came: {error_of(first)}")
    (pk,) = _tokens(smoke).keys() - before.keys()
    key = {"pk": {"S": pk}}
    item = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
    name, sealed = next((name, value["B"]) for name, value in item.items() if "B" in value)
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    dynamodb.put_item(TableName=table, Item={**item, name: {"B": altered}})

    # The direct function has the token in memory; another function must read the item.
    answer = caller.by_role(MACHINE, scope=scope)

    require(answer.get("source") == "exchange", f"it was answered {error_of(answer)}")
    wait_for_alarm(smoke.account, "UntrustedItemAlarm", "ALARM", minutes=12)


def what_is_retained_outlives_the_stack(smoke: Smoke) -> None:
    """After the stack is deleted: registry, connections, key and logs are there."""
    account, outputs = smoke.account, smoke.account.outputs()
    smoke.former = dict(outputs)
    delete_stack(account, account.stack)
    for output in ("RegistryTableName", "ConnectionsTableName"):
        account.client("dynamodb").describe_table(TableName=outputs[output])
    state = account.client("kms").describe_key(KeyId=outputs["KeyArn"])["KeyMetadata"]["KeyState"]
    require(state == "Enabled", f"the key is {state}")
    groups = account.client("logs").describe_log_groups(
        logGroupNamePrefix=f"/tokenvend/{account.deployment_id}/"
    )["logGroups"]
    require(groups, "no log group is left")


def a_deleted_stack_is_restored(smoke: Smoke) -> None:
    """Deployed again, with the registry and the connections of the former stack brought back."""
    account, former = smoke.account, smoke.former
    if not former:
        raise NotRunError("the stack was not deleted before")
    smoke.file.unlink(missing_ok=True)
    account.parameters = {k: v for k, v in account.parameters.items() if k in _AS_AT_FIRST}
    account.deploy(smoke.file)
    smoke.write_file()
    account.tokenvend("restore", "registry", "--from", former["RegistryTableName"], "--yes")
    account.tokenvend(
        *("restore", "connections", "--from", former["ConnectionsTableName"]),
        *("--key", former["KeyArn"], "--yes"),
    )
    account.tokenvend("apply", "--yes", "--file", str(smoke.file))
    client = smoke.caller.by_client(MACHINE, scope=smoke.new_scope())
    require("access_token" in client, f"the former client was answered {error_of(client)}")
    user = smoke.caller.directly(USER, connection="ada")
    require("access_token" in user, f"{CALLER}'s former connection was answered {error_of(user)}")


def _tokens(smoke: Smoke) -> dict[str, None]:
    pages = smoke.account.client("dynamodb").get_paginator("scan")
    found = pages.paginate(
        TableName=smoke.account.outputs()["TokensTableName"],
        ProjectionExpression="pk",
        ConsistentRead=True,
    )
    pks = (item["pk"]["S"] for page in found for item in page["Items"])
    return {pk: None for pk in pks if pk.startswith("token#")}
