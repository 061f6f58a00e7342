"""What alarms, the dashboard and the saved queries look at comes out of whole entries.

`tests/template/test_watched.py` compares the template with what the writers write. Here the
functions run as Lambda loads them, so that a writer that no entry calls any more is found.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from scripts.expand import load
from tests.adapters.connection_samples import active
from tests.fakes.provider import json_response
from tests.functions.conftest import ROOT, load_handler, through
from tests.unit.vending.harness import DEFINITION, Harness

from tokenvend.domain import bounds
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.credential_definition import CredentialKind
from tokenvend.domain.quota import microseconds
from tokenvend.entries.direct import RetryableError
from tokenvend.ports import SecretVersion

type Line = dict[str, Any]

#: Handed to the adapters and the stores by `composition`, for which fakes stand in here:
#: tests/local_stack (test_watched.py, test_rotation.py) sees them in the functions' logs.
BELOW_THE_ENTRIES = {"UntrustedItems", "AwsFailures", "ConsentEvents"}


@pytest.fixture
def written(harness: Harness, log: StringIO) -> list[Line]:
    """What the functions log: each sample event, then a bad day of the schedules."""
    for folder in sorted((ROOT / "events").iterdir()):
        if folder.is_dir():
            for path in sorted(folder.glob("*.json")):
                _run_sample(folder.name, json.loads(path.read_text(encoding="utf-8"))["event"])
    _bad_day(harness)
    return [json.loads(line) for line in log.getvalue().splitlines()]


def _run_sample(function: str, event: Any) -> None:
    alias = "billing" if function == "vend_direct" else "live"
    # A direct invocation that a retry may cure ends in an exception, and has written its line.
    with suppress(Exception):
        load_handler(function)(event, through(alias))


def _bad_day(harness: Harness) -> None:
    """A credential in use, its provider away and then refusing; a user who has been away."""
    vend = load_handler("vend_direct")
    harness.clock.advance(timedelta(hours=1))
    harness.catalog.found = [SecretVersion("jobs", None, "v2")]
    harness.aliases.versions |= {"billing": "1", "live": "2"}
    for _ in range(2):
        vend({"credential": "jobs"}, through("billing"))
        harness.clock.advance(timedelta(seconds=200))
    harness.clock.advance(timedelta(seconds=1800 * 0.8 - 400))
    _run_schedules()
    for _ in range(2):
        vend({"credential": "jobs"}, through("billing"))
        harness.clock.advance(timedelta(seconds=200))
    harness.clock.advance(timedelta(seconds=1800 * 0.91 - 400))
    _run_schedules()
    harness.clock.advance(timedelta(hours=1))
    harness.provider.script(json_response({"error": "invalid_client"}, status=401))
    vend({"credential": "jobs"}, through("billing"))
    vend({"connections": {"action": "list", "credential": "hiring"}}, through("billing"))
    _forget_a_user(harness)
    _run_schedules()
    _ask_over_the_limit(harness)


def _run_schedules() -> None:
    for shard in range(bounds.RENEWAL_SHARDS):
        load_handler("renew")({"shard": shard}, through("live"))
    load_handler("sweep")({}, through("live"))
    load_handler("keep_alive")({}, through("live"))


def _forget_a_user(harness: Harness) -> None:
    definition = replace(DEFINITION, name="jobs-user", kind=CredentialKind.AUTHORIZATION_CODE)
    harness.reader.definitions[definition.name] = definition
    harness.secrets.secrets[definition.name, None] = harness.secrets.secrets["jobs", None]
    harness.connections.seed(
        active(ConnectionKey(credential="jobs-user", owner="billing", name="acme"))
    )
    harness.clock.advance(timedelta(days=14))
    harness.provider.script(json_response({"error": "invalid_grant"}, status=400))


def _ask_over_the_limit(harness: Harness) -> None:
    identity = "alias:billing"
    caller = replace(harness.reader.callers[identity], requests_per_minute=1)
    harness.reader.callers[identity] = caller
    harness.clock.advance(timedelta(hours=1))
    harness.quotas.empty_at[caller.name] = microseconds(harness.clock.now())
    with suppress(RetryableError):
        load_handler("vend_direct")({"credential": "jobs"}, through("billing"))


def _counted(written: list[Line]) -> set[str]:
    return {
        metric["Name"]
        for line in written
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", [])
        for metric in directive["Metrics"]
    }


def _watched() -> Iterator[str]:
    """The names of our own metrics that an alarm or a widget of the template looks at."""
    resources = load()["Resources"]
    for resource in resources.values():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            text = json.dumps(resource["Properties"])
            yield from re.findall(r'"Namespace": "tokenvend", "MetricName": "(\w+)"', text)
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    yield from re.findall(r'\["tokenvend", "(\w+)"', body)
    yield from re.findall(r"\{tokenvend,[\w,]+\} MetricName=\\\"(\w+)", body)


def test_every_metric_that_is_watched_comes_out_of_a_whole_entry(written: list[Line]) -> None:
    watched = set(_watched())

    assert len(watched) >= 12
    assert watched - _counted(written) == BELOW_THE_ENTRIES


def test_every_line_that_a_saved_query_asks_for_comes_out_of_a_whole_entry(
    written: list[Line],
) -> None:
    queries = [
        each["Properties"]["QueryString"]
        for each in load()["Resources"].values()
        if each["Type"] == "AWS::Logs::QueryDefinition"
    ]
    asked = set(re.findall(r'message = "([^"]+)"', " ".join(queries)))
    for names in re.findall(r"message in \[([^]]+)\]", " ".join(queries)):
        asked |= set(re.findall(r'"([^"]+)"', names))

    assert len(asked) >= 8
    assert asked - {line["message"] for line in written} == {"untrusted item"}


def test_nothing_secret_is_in_any_line_of_a_bad_day(written: list[Line]) -> None:
    said = json.dumps(written)

    assert "provider-token-" not in said
    assert "refresh-1" not in said
