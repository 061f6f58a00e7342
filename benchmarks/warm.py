"""A token answered from memory, against handlers and libraries that decide nothing."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msal  # type: ignore[import-untyped]
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.metrics import MetricUnit
from tests.functions.conftest import ROOT, load_handler, through
from tests.unit.vending.harness import BILLING, REQUEST, Harness

import tokenvend.entries.callers
from benchmarks.measure import Row, side_by_side
from tokenvend.adapters.clock import SystemClock
from tokenvend.domain.registry import Caller
from tokenvend.observability.log import logger

_CALLS = 500


def rows() -> Iterator[Row]:
    """The comparisons of a warm vend."""
    harness = _harness()
    parts = harness.parts(clock=SystemClock())  # type: ignore[arg-type]
    environment = parts.vendor
    # The one seam: what the composition root would build on AWS is built on fakes.
    setattr(tokenvend.entries.callers, "composition_root", lambda: parts)  # noqa: B010 - mypy knows it as a constant
    with open(os.devnull, "w", encoding="utf-8") as sink, contextlib.redirect_stdout(sink):  # noqa: PTH123 - devnull
        logger().registered_handler.setStream(sink)  # type: ignore[attr-defined]
        direct = side_by_side(_direct(), _bare_handler(sink), calls=_CALLS)
        http = side_by_side(_http(), _bare_resolver(sink), calls=_CALLS)
    time_left = timedelta(seconds=20)
    use_case = side_by_side(
        lambda: environment.vend(BILLING, REQUEST, time_left=time_left), _msal(), calls=_CALLS
    )
    bare = "a handler that writes one log line with one metric"
    yield Row("warm vend, direct entry", *direct, bare, 1.25, "µs")
    yield Row("warm vend, HTTP entry", *http, f"{bare}, behind a resolver", 1.25, "µs")
    yield Row("the use case alone", *use_case, "msal, cached token", 0.5, "µs")


def _harness() -> Harness:
    harness = Harness()
    harness.clock.set_wall(SystemClock().now())
    harness.provider.expires_in = 86_400
    harness.reader.callers["alias:billing"] = Caller(name="billing")
    harness.reader.grants["alias:billing", "jobs"] = harness.reader.grants[BILLING.identity, "jobs"]
    return harness


def _direct() -> Callable[[], object]:
    handler, context = load_handler("vend_direct"), through("billing")
    return lambda: handler({"credential": "jobs", "scope": "jobs_read"}, context)


def _http() -> Callable[[], object]:
    handler, context = load_handler("vend_iam"), through("live")
    path = ROOT / "events" / "vend_iam" / "granted.json"
    event = json.loads(path.read_text(encoding="utf-8"))["event"]
    return lambda: handler(event, context)


def _bare(sink: Any) -> Callable[[], dict[str, object]]:
    log = Logger(service="bare", logger_handler=_handler(sink), utc=True)
    metrics = Metrics(namespace="bare", service="bare")

    def answer() -> dict[str, object]:
        metrics.add_metric(name="Vends", unit=MetricUnit.Count, value=1)
        log.info("vend", extra=dict(metrics.serialize_metric_set()))
        metrics.clear_metrics()
        return {"access_token": "constant", "token_type": "Bearer", "expires_in": 1800}

    return answer


def _handler(sink: Any) -> Any:
    import logging

    return logging.StreamHandler(sink)


def _bare_handler(sink: Any) -> Callable[[], object]:
    return _bare(sink)


def _bare_resolver(sink: Any) -> Callable[[], object]:
    app = APIGatewayRestResolver()
    answer = _bare(sink)

    @app.post("/iam/<credential>/token")
    def token(credential: str) -> dict[str, object]:
        del credential
        return answer()

    path = ROOT / "events" / "vend_iam" / "granted.json"
    event = json.loads(path.read_text(encoding="utf-8"))["event"]
    context = through("live")
    return lambda: app.resolve(event, context)  # type: ignore[arg-type]


class _MsalHttp:
    """Answers msal's discovery and its one exchange, without a network."""

    def get(self, url: str, **_: object) -> Any:
        return _MsalAnswer({"authorization_endpoint": url, "token_endpoint": url, "issuer": url})

    def post(self, _: str, **__: object) -> Any:
        return _MsalAnswer({"access_token": "cached", "token_type": "Bearer", "expires_in": 86_400})

    def close(self) -> None:
        return


class _MsalAnswer:
    def __init__(self, fields: dict[str, object]) -> None:
        self.status_code = 200
        self.text = json.dumps(fields)
        self.headers: dict[str, str] = {}

    def raise_for_status(self) -> None:
        return


def _msal() -> Callable[[], object]:
    client = msal.ConfidentialClientApplication(
        "client",
        client_credential="secret",
        authority="https://login.microsoftonline.com/organizations",
        instance_discovery=False,
        http_client=_MsalHttp(),
    )
    scopes = ["https://graph.example/.default"]
    answer = client.acquire_token_for_client(scopes)
    if "access_token" not in answer:
        raise RuntimeError("the baseline did not get its token")
    return lambda: client.acquire_token_for_client(scopes)
