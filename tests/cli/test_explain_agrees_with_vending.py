"""`explain` decides every request as vending decides it."""

import json
from datetime import UTC, datetime, timedelta
from itertools import compress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from tokenvend.domain.credential_definition import CredentialDefinition, ScopeMode
from tokenvend.domain.decision import decide
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.registry import (
    ALL_TENANTS,
    Caller,
    Grant,
    Isolation,
    Observation,
    RegistryView,
)
from tokenvend.domain.request import parse_vend_request
from tokenvend_cli.main import app

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
SCOPES, TARGETS, TENANTS = ("read", "write", "admin"), ("urn:a", "urn:b"), ("acme", "globex")


def _some(values: tuple[str, ...] | frozenset[str]) -> st.SearchStrategy[frozenset[str]]:
    picks = st.lists(st.booleans(), min_size=len(values), max_size=len(values))
    return picks.map(lambda each: frozenset(compress(sorted(values), each)))


@st.composite
def _definition_and_grant(draw: st.DrawFn) -> tuple[CredentialDefinition, Grant]:
    definition = CredentialDefinition(
        name="jobs",
        provider="acme",
        token_endpoint="https://login.acme.example/token",
        scopes=draw(_some(SCOPES)),
        scope_mode=draw(st.sampled_from(ScopeMode)),
        family=draw(st.booleans()),
    )
    ceiling = draw(_some(definition.scopes))
    observed = draw(_some(definition.scopes - ceiling))
    tenants = st.sampled_from((ALL_TENANTS, frozenset({"acme"}), frozenset(TENANTS)))
    until = TODAY + timedelta(days=9)
    grant = Grant(
        caller="shop",
        credential="jobs",
        scopes=ceiling,
        default_scopes=draw(_some(ceiling)) or None,
        audiences=draw(_some(TARGETS)),
        resources=draw(_some(TARGETS)),
        tenants=draw(tenants) if definition.family else frozenset(),
        full_access=draw(st.booleans()),
        isolation=draw(st.sampled_from(Isolation)),
        observation=Observation(scopes=observed, until=until) if observed else None,
    )
    return definition, grant


def _file(definition: CredentialDefinition, grant: Grant) -> dict[str, Any]:
    provider: dict[str, Any] = {"token_endpoint": definition.token_endpoint}
    if definition.scope_mode is ScopeMode.NARROWS:
        provider |= {"scope_mode": "narrows", "scope_mode_source": "its manual"}
    granted: dict[str, Any] = {
        "caller": "shop",
        "credential": "jobs",
        **{name: sorted(getattr(grant, name)) for name in ("scopes", "audiences", "resources")},
        "tenants": "all" if grant.tenants == ALL_TENANTS else sorted(grant.tenants),
        "full_access": grant.full_access,
        "isolation": grant.isolation.value,
    }
    if grant.default_scopes is not None:
        granted["default_scopes"] = sorted(grant.default_scopes)
    if grant.observation is not None:
        until = grant.observation.until.date()
        granted["observe"] = {"scopes": sorted(grant.observation.scopes), "until": until}
    return {
        "version": 1,
        "providers": {"acme": provider},
        "credentials": {
            "jobs": {
                "provider": "acme",
                "scopes": sorted(definition.scopes),
                "family": definition.family,
            }
        },
        "callers": {"shop": {"identities": [{"client": "shop-web"}]}},
        "grants": [granted],
    }


_questions = st.fixed_dictionaries(
    {},
    optional={
        "scope": _some((*SCOPES, "delete"))
        .filter(bool)
        .map(lambda scopes: " ".join(sorted(scopes))),
        "audience": st.sampled_from((*TARGETS, "urn:c")),
        "resource": st.sampled_from((*TARGETS, "urn:c")),
        "tenant": st.sampled_from((*TENANTS, "initech")),
    },
)


def _decision(
    definition: CredentialDefinition, grant: Grant, question: dict[str, str]
) -> tuple[str, str | None]:
    """The rule, and the key of the token."""
    view = RegistryView(caller=Caller(name="shop"), grant=grant, definition=definition)
    request = parse_vend_request("jobs", question)
    proof = Proof(EntryPoint.IAM, "client:shop-web")
    try:
        decided = decide(proof, request, view, now=datetime.now(UTC))
    except TokenVendError as error:
        return str(error.rule), None
    return "granted", decided.key


def _explain(file: Path, question: dict[str, str]) -> Result:
    words = ["explain", "--caller", "shop", "--credential", "jobs", "--file", str(file), "--json"]
    options = [word for name, value in question.items() for word in (f"--{name}", value)]
    return CliRunner().invoke(app, [*words, *options])


@given(_definition_and_grant(), _questions)
def test_explain_agrees_with_what_vending_decides(
    tmp_path_factory: pytest.TempPathFactory,
    scenario: tuple[CredentialDefinition, Grant],
    question: dict[str, str],
) -> None:
    file = tmp_path_factory.mktemp("explain") / "tokenvend.yaml"
    file.write_text(yaml.safe_dump(_file(*scenario)), encoding="utf-8")

    result = _explain(file, question)

    assume(result.exit_code != 2)  # not every scene is a file that may be applied
    (verdict,) = json.loads(result.stdout)
    rule, key = _decision(*scenario, question)
    assert (verdict["rule"], verdict.get("key")) == (rule, key)
    assert result.exit_code == (0 if rule == "granted" else 1)
