"""What a function needs is made in INIT: a deployment that lacks it fails at once, not in use."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from tests.adapters.connection_samples import active
from tests.functions.conftest import load_handler, through
from tests.unit.vending.harness import DEFINITION, Harness

import tokenvend.entries.callers
import tokenvend.entries.jwks
import tokenvend.entries.pages.handler
import tokenvend.entries.schedules
from tokenvend.composition.snapshot import renew
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.credential_definition import CredentialKind


class SettingsMissingError(Exception):
    """Stands for what the composition root raises."""


def lacking(part: str) -> object:
    """An environment of which *part* cannot be made."""

    def fail(_: object) -> object:
        raise SettingsMissingError(part)

    parts = ("vendor", "browser_flow", "renewer", "sweep", "caller_aliases", "keep_alive")
    members = {name: property(fail) if name == part else object() for name in parts}
    return type("Lacking", (), members)()


@pytest.mark.parametrize(
    ("function", "module", "part"),
    [
        ("vend_iam", tokenvend.entries.callers, "vendor"),
        ("vend_oauth2", tokenvend.entries.callers, "vendor"),
        ("vend_direct", tokenvend.entries.callers, "vendor"),
        ("connect_pages", tokenvend.entries.pages.handler, "browser_flow"),
        ("renew", tokenvend.entries.schedules, "renewer"),
        ("sweep", tokenvend.entries.schedules, "sweep"),
        ("sweep", tokenvend.entries.schedules, "caller_aliases"),
        ("keep_alive", tokenvend.entries.schedules, "keep_alive"),
    ],
)
def test_a_function_that_lacks_a_part_does_not_start(
    monkeypatch: pytest.MonkeyPatch, function: str, module: object, part: str
) -> None:
    monkeypatch.setattr(module, "composition_root", lambda: lacking(part))

    with pytest.raises(SettingsMissingError, match=part):
        load_handler(function)


def test_a_restored_environment_makes_its_vendor_again_before_the_first_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lambda calls the hooks after it has restored the environment from a snapshot."""
    hooks: list[Callable[[], None]] = []
    made: list[str] = []

    class Root:
        @property
        def vendor(self) -> None:
            made.append("vendor")

    lambdas_own = SimpleNamespace(register_after_restore=hooks.append)
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", lambdas_own)
    monkeypatch.setattr(tokenvend.entries.callers, "composition_root", Root)
    load_handler("vend_iam")
    first, second = hooks
    made.clear()

    second()

    assert first is renew
    assert made == ["vendor"]


@pytest.mark.usefixtures("harness")
def test_the_keys_function_makes_its_use_case_when_it_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> Callable[[], object]:
        raise SettingsMissingError("publisher")

    monkeypatch.setattr(tokenvend.entries.jwks, "publisher", fail)

    with pytest.raises(SettingsMissingError, match="publisher"):
        load_handler("jwks")


def test_a_run_counts_each_connection(harness: Harness) -> None:
    definition = replace(DEFINITION, name="jobs-user", kind=CredentialKind.AUTHORIZATION_CODE)
    harness.reader.definitions[definition.name] = definition
    for name in ("acme", "globex", "initech"):
        key = ConnectionKey(credential="jobs-user", owner="billing", name=name)
        harness.connections.seed(active(key))
    harness.clock.advance(timedelta(days=14))

    counts = load_handler("keep_alive")({}, through("live"))

    assert counts == {"refreshed": 0, "dropped": 0, "failed": 3, "no_time": 0}
