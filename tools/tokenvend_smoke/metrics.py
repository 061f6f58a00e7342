"""Read metrics and alarms."""

from collections.abc import Mapping
from datetime import UTC, datetime

from tokenvend_smoke.account import Account
from tokenvend_smoke.outcome import DidNotHoldError
from tokenvend_smoke.waiting import wait_until


def metric_sum(
    account: Account, namespace: str, name: str, dimensions: Mapping[str, str], since: float
) -> float:
    """The sum of a metric since *since* (seconds since 1970)."""
    found = account.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=datetime.fromtimestamp(since, UTC),
        EndTime=datetime.now(UTC),
        Period=60,
        Statistics=["Sum"],
    )
    return float(sum(each["Sum"] for each in found["Datapoints"]))


def alarm_state(account: Account, logical_id: str) -> str:
    """The state of the alarm *logical_id* of the deployment's template.

    Raises:
        DidNotHoldError: there is none.
    """
    resource = account.client("cloudformation").describe_stack_resource(
        StackName=account.stack, LogicalResourceId=logical_id
    )["StackResourceDetail"]["PhysicalResourceId"]
    alarms = account.client("cloudwatch").describe_alarms(AlarmNames=[resource])["MetricAlarms"]
    if not alarms:
        raise DidNotHoldError(f"there is no alarm {logical_id}")
    return str(alarms[0]["StateValue"])


def wait_for_alarm(account: Account, logical_id: str, state: str, *, minutes: float) -> None:
    """Wait until an alarm is in *state*.

    Raises:
        DidNotHoldError: the alarm did not reach the state in time.
    """
    wait_until(
        lambda: alarm_state(account, logical_id) == state,
        minutes=minutes,
        otherwise=f"{logical_id} is not in {state}",
        pause_seconds=20,
    )
