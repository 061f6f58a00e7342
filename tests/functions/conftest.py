"""The functions as Lambda loads them, on fakes."""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.fakes.issuer import TRUSTED, InMemoryTrustedIssuers, users_of, workloads_of
from tests.unit.consent.harness import SHOP
from tests.unit.consent.harness import Harness as ConsentHarness
from tests.unit.vending.harness import BILLING, DEFINITION, GRANT, Harness, api_key_of

import tokenvend.entries.callers
import tokenvend.entries.jwks
import tokenvend.entries.pages.handler
import tokenvend.entries.schedules
from tokenvend.adapters.clock import SystemClock
from tokenvend.domain.registry import Caller, Grant
from tokenvend.domain.secret import Secret
from tokenvend.observability.log import logger

SAMPLE_LINK = "sample-link-of-the-events-folder"
ROOT = Path(__file__).parents[2]
FUNCTION_ARN = "arn:aws:lambda:eu-central-1:111122223333:function:tokenvend-Vend"

type Handler = Callable[[Any, Any], dict[str, Any]]


@dataclass
class Invocation:
    """The parts of Lambda's context object that the functions use."""

    invoked_function_arn: str
    aws_request_id: str = "11111111-2222-3333-4444-555555555555"
    remaining_ms: int = 20_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


def through(alias: str | None) -> Invocation:
    """An invocation through *alias*; `None` for the unqualified function."""
    return Invocation(FUNCTION_ARN if alias is None else f"{FUNCTION_ARN}:{alias}")


def load_handler(function: str) -> Handler:
    """The handler of functions/*function*, loaded as Lambda does: a module of its own."""
    path = ROOT / "functions" / function / "app.py"
    spec = importlib.util.spec_from_file_location(f"app_{function}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Handler = module.lambda_handler
    return handler


def function_harness() -> Harness:
    """Billing by role and by alias, and shop by client, may read jobs and have the API key."""
    harness = Harness()
    harness.reader.callers = {
        BILLING.identity: Caller(name="billing", unique_id=BILLING.unique_id),
        "alias:billing": Caller(name="billing"),
        "client:shop": Caller(name="shop"),
        "oidc:ci/billing": Caller(name="billing"),
    }
    for identity, caller in harness.reader.callers.items():
        harness.reader.grants[identity, "jobs"] = replace(GRANT, caller=caller.name)
    harness.reader.definitions["secret-jobs"] = replace(DEFINITION, name="secret-jobs")
    key = api_key_of(harness)
    for identity, caller in harness.reader.callers.items():
        grant = Grant(caller=caller.name, credential=key.name, full_access=True)
        harness.reader.grants[identity, key.name] = grant
    harness.reader.client_secret_hashes["client:shop"] = (Secret("tv_example").sha256,)
    # The handlers say when the invocation dies by the real clock.
    harness.clock.set_wall(SystemClock().now())
    return harness


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Harness:
    """The functions on `function_harness`."""
    harness = function_harness()
    parts, callers = harness.parts(), caller_parts(harness)
    monkeypatch.setattr(tokenvend.entries.jwks, "publisher", lambda: harness.publisher)
    # The one seam: what the composition root would build on AWS is built on fakes.
    monkeypatch.setattr(tokenvend.entries.callers, "composition_root", lambda: callers)
    monkeypatch.setattr(tokenvend.entries.schedules, "composition_root", lambda: parts)
    pages = consent_harness()
    monkeypatch.setattr(tokenvend.entries.pages.handler, "composition_root", lambda: pages)
    return harness


def caller_parts(harness: Harness) -> SimpleNamespace:
    """What callers' requests need: vending in *harness*, and connections of the same callers."""
    consent, parts = ConsentHarness(), harness.parts()
    consent.clock.set_wall(SystemClock().now())
    for identity, caller in harness.reader.callers.items():
        grant = consent.reader.grants[SHOP.identity, "hiring"]
        consent.reader.callers[identity] = caller
        consent.reader.grants[identity, "hiring"] = replace(grant, caller=caller.name)
    consent.reader.client_secret_hashes.update(harness.reader.client_secret_hashes)
    return SimpleNamespace(
        vendor=parts.vendor,
        rejection_recorder=parts.rejection_recorder,
        connections=consent.caller_side,
        workloads=workloads_of(trusting_ci(), harness.clock),
        users=users_of(trusting_ci(), harness.clock),
    )


def trusting_ci() -> InMemoryTrustedIssuers:
    """Tokens of ci, about its subject, are billing's."""
    issuers = InMemoryTrustedIssuers()
    issuers.trust(TRUSTED)
    return issuers


def consent_harness() -> SimpleNamespace:
    """The pages' part of an environment, with the link that the samples in events/ open."""
    consent = ConsentHarness()
    consent.clock.set_wall(SystemClock().now())
    started = consent.sessions.take(consent.start())
    assert started is not None
    consent.sessions.put(Secret(SAMPLE_LINK), started)
    consent.consent()
    return SimpleNamespace(browser_flow=consent.pages)


@pytest.fixture
def log_level_critical() -> Iterator[None]:
    """The quietest log level that an operator can set."""
    former = logger().log_level
    logger().setLevel("CRITICAL")
    yield
    logger().setLevel(former)


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What is logged: Powertools' handler keeps the stream of whichever test logged first."""
    handler: Any = logger().registered_handler
    former, handler.stream = handler.stream, StringIO()
    yield handler.stream
    handler.stream = former
