"""The rows on updates that only AWS can show, on a VPC, the dashboard and deleted principals."""

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from scripts.expand import load
from tests.smoke.aws_answers import in_turn, log_groups, log_lines
from tests.smoke.conftest import TOKEN, FakeRun
from tests.smoke.fake_aws import Answer

from tokenvend_local.places import TEMPLATE
from tokenvend_smoke.outcome import DidNotHoldError, NotRunError
from tokenvend_smoke.rows import network, registry, released, updating, watching


def test_traces_are_awaited(fake_run: Callable[..., FakeRun]) -> None:
    some = {"TraceSummaries": [{"Id": "1"}]}
    updating.traces_arrive(
        fake_run({"xray.GetTraceSummaries": in_turn([{"TraceSummaries": []}, some])}).smoke
    )

    given = fake_run({"xray.GetTraceSummaries": some})
    updating.traces_arrive(given.smoke)
    assert given.aws.calls[0][1]["FilterExpression"] == 'service("smoke-VendIam")'
    with pytest.raises(DidNotHoldError, match="no trace arrived"):
        updating.traces_arrive(fake_run({"xray.GetTraceSummaries": {"TraceSummaries": []}}).smoke)


def test_a_restored_environment_must_be_in_the_log_without_an_error(
    fake_run: Callable[..., FakeRun],
) -> None:
    restored = {"type": "platform.restoreReport"}
    updating.restored_environments_answer(fake_run(log_groups() | log_lines(restored)).smoke)

    with pytest.raises(DidNotHoldError, match="no restored environment"):
        updating.restored_environments_answer(
            fake_run(log_groups() | log_lines({"type": "platform.initReport"})).smoke
        )
    with pytest.raises(DidNotHoldError, match="1 errors"):
        updating.restored_environments_answer(
            fake_run(log_groups() | log_lines(restored, {"level": "ERROR"})).smoke
        )


def test_environments_are_awaited_until_they_are_ready(fake_run: Callable[..., FakeRun]) -> None:
    name = "lambda.GetProvisionedConcurrencyConfig"
    ready = in_turn([{"Status": "IN_PROGRESS"}, {"Status": "READY"}])
    updating.environments_are_kept_ready(fake_run({name: ready}).smoke)

    with pytest.raises(DidNotHoldError, match="not READY"):
        updating.environments_are_kept_ready(fake_run({name: {"Status": "FAILED"}}).smoke)


def _versions(live: str, *versions: str) -> dict[str, Answer]:
    return {
        "lambda.ListVersionsByFunction": {"Versions": [{"Version": each} for each in versions]},
        "lambda.GetAlias": {"FunctionVersion": live},
    }


def test_live_is_the_newest_of_several_versions(fake_run: Callable[..., FakeRun]) -> None:
    updating.a_replaced_version_stays(fake_run(_versions("10", "$LATEST", "9", "10")).smoke)

    with pytest.raises(DidNotHoldError, match="only the versions"):
        updating.a_replaced_version_stays(fake_run(_versions("9", "$LATEST", "9")).smoke)
    with pytest.raises(DidNotHoldError, match="live is 9"):
        updating.a_replaced_version_stays(fake_run(_versions("9", "$LATEST", "9", "10")).smoke)


def test_one_refused_request_during_an_upgrade_is_enough(
    fake_run: Callable[..., FakeRun],
) -> None:
    given = fake_run({})
    updating.an_upgrade_answers_everybody(given.smoke)

    (deployed,) = given.account.deployments
    assert deployed["Tracing"] == "Active"
    assert deployed["WebAclArn"].endswith("/webacl/smoke/1")
    given.callers.answers = [{"status": 502, "error": "bad_gateway"}, TOKEN]
    with pytest.raises(DidNotHoldError, match="502 bad_gateway"):
        updating.an_upgrade_answers_everybody(given.smoke)


def test_a_provider_that_sees_another_address_is_told(fake_run: Callable[..., FakeRun]) -> None:
    def seen(*addresses: str) -> dict[str, Answer]:
        return log_lines(*({"path": "/token", "source_ip": each} for each in addresses))

    network.functions_in_a_vpc_reach_everything(fake_run(seen("192.0.2.7", "192.0.2.7")).smoke)

    with pytest.raises(DidNotHoldError, match=r"203\.0\.113\.9"):
        network.functions_in_a_vpc_reach_everything(
            fake_run(seen("192.0.2.7", "203.0.113.9")).smoke
        )


def _widgets() -> list[Mapping[str, Any]]:
    """Those of the template."""
    text = load(TEMPLATE)["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    body = json.loads(text["Fn::Sub"].replace("${!", "${"))
    return [each["properties"] for each in body["widgets"] if each["type"] == "metric"]


def test_widgets_that_may_be_empty_are_widgets_of_the_template() -> None:
    assert {each["title"] for each in _widgets()} >= watching.OF_FAILURES


def test_every_widget_can_be_asked_for() -> None:
    for widget in _widgets():
        asked = list(watching.queries(widget))
        assert len({each["Id"] for each in asked}) == len(widget["metrics"]), widget["title"]


def test_a_dashboards_short_forms_are_written_out() -> None:
    metrics: list[list[Any]] = [
        ["AWS/Lambda", "Errors", "FunctionName", "one"],
        ["...", "two"],
        [".", "Throttles", ".", "."],
    ]
    asked = watching.queries({"metrics": metrics, "stat": "Sum", "period": 300})

    found = [each["MetricStat"]["Metric"] for each in asked]
    assert [(each["MetricName"], each["Dimensions"][0]["Value"]) for each in found] == [
        ("Errors", "one"),
        ("Errors", "two"),
        ("Throttles", "two"),
    ]


def test_an_empty_widget_is_named_unless_it_is_one_of_failures(
    fake_run: Callable[..., FakeRun],
) -> None:
    def widget(title: str, metric: str) -> dict[str, Any]:
        metrics = [["tokenvend", metric, "service", "tokenvend"]]
        shown = {"title": title, "stat": "Sum", "period": 300, "metrics": metrics}
        return {"type": "metric", "properties": shown}

    def dashboard(*widgets: Mapping[str, Any]) -> dict[str, Answer]:
        def data(params: Mapping[str, Any]) -> Mapping[str, Any]:
            (query,) = params["MetricDataQueries"]
            full = query["MetricStat"]["Metric"]["MetricName"] == "Vends"
            now = datetime.now(UTC)
            return {
                "MetricDataResults": [
                    {"Values": [1.0], "Timestamps": [now]} if full else {"Values": []}
                ]
            }

        body = json.dumps({"widgets": widgets})
        return {
            "cloudwatch.GetDashboard": {"DashboardBody": body},
            "cloudwatch.GetMetricData": data,
        }

    shown, silent = widget("Tokens", "Vends"), widget("Function errors", "Errors")
    watching.the_dashboard_shows_something(fake_run(dashboard(shown, silent)).smoke)

    with pytest.raises(DidNotHoldError, match="empty: Renewals"):
        watching.the_dashboard_shows_something(
            fake_run(dashboard(shown, widget("Renewals", "Renewals"))).smoke
        )


def _roles() -> dict[str, Answer]:
    role = {
        "Path": "/",
        "RoleName": "smoke-0a1b2c3d-doomed",
        "RoleId": "AROAEXAMPLEEXAMPLE12",
        "Arn": "arn:aws:iam::111122223333:role/smoke-0a1b2c3d-doomed",
        "CreateDate": datetime.now(UTC),
    }
    return {"iam.CreateRole": {"Role": role}, "iam.DeleteRole": {}}


@pytest.mark.parametrize(
    ("ends", "held"),
    [
        # IAM takes a while to know that a role is gone.
        ([(0, "Applied."), (1, "alias doomed: its principal was deleted")], True),
        ([(0, "Applied.")], False),
        ([(1, "AccessDenied")], False),
    ],
)
def test_a_deleted_principal_must_be_named(
    fake_run: Callable[..., FakeRun],
    monkeypatch: pytest.MonkeyPatch,
    ends: list[tuple[int, str]],
    *,
    held: bool,
) -> None:
    given = fake_run(_roles())
    written: list[str] = []
    monkeypatch.setattr(
        type(given.smoke), "write_file", lambda _, who=None: written.append(who[1] if who else "")
    )
    # A new role is not known everywhere at once, either.
    given.account.commands = [(1, "no such principal"), (0, ""), *ends]

    if held:
        given.account.commands.append((0, ""))
        registry.a_deleted_principal_is_named(given.smoke)
        assert written == ["s1", "s2", "s3", ""]
    else:
        with pytest.raises(DidNotHoldError):
            registry.a_deleted_principal_is_named(given.smoke)


def test_a_release_needs_the_command_line(
    fake_run: Callable[..., FakeRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)

    with pytest.raises(NotRunError, match="AWS command line"):
        released.a_release_deploys(fake_run({}).smoke)
