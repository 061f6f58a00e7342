"""The first rule that fails decides, at each side of its boundary."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind, ScopeMode
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
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret

NOW = datetime(2026, 3, 1, tzinfo=UTC)
READ, WRITE = frozenset({"read"}), frozenset({"write"})
NONE: frozenset[str] = frozenset()
PROOF = Proof(EntryPoint.IAM, "iam:111122223333:role/billing", unique_id="AROAONE")
NARROWS = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://a.example/t",
    scopes=READ | WRITE,
    scope_mode=ScopeMode.NARROWS,
)
FIXED = replace(NARROWS, scope_mode=ScopeMode.FIXED)
GRANT = Grant(caller="billing", credential="jobs", scopes=READ)
VIEW = RegistryView(caller=Caller(name="billing"), grant=GRANT, definition=NARROWS)
FAMILY = replace(NARROWS, family=True)
KEY = replace(
    FIXED,
    kind=CredentialKind.API_KEY,
    token_endpoint="",
    scopes=NONE,
    api_request={"header_name": "X-Key"},
)
OAUTH = Proof(EntryPoint.OAUTH2, "client:shop", client_secret=Secret("s"))


def _rule(view: RegistryView, request: VendRequest, proof: Proof = PROOF) -> str:
    try:
        decide(proof, request, view, now=NOW)
    except TokenVendError as error:
        return error.rule
    return "granted"


def _view(**changes: Any) -> RegistryView:
    grant = {name: changes.pop(name) for name in list(changes) if hasattr(GRANT, name)}
    return replace(VIEW, grant=replace(GRANT, **grant), **changes)


ASK = VendRequest("jobs")


@pytest.mark.parametrize(
    ("view", "request_", "rule"),
    [
        pytest.param(VIEW, ASK, "granted", id="the default scopes"),
        pytest.param(replace(VIEW, caller=None), ASK, "caller.known", id="unknown caller"),
        pytest.param(replace(VIEW, caller_blocked=True), ASK, "caller.blocked", id="blocked"),
        pytest.param(replace(VIEW, grant=None), ASK, "grant.exists", id="no grant"),
        pytest.param(replace(VIEW, definition=None), ASK, "credential.exists", id="no credential"),
        pytest.param(
            replace(VIEW, credential_blocked=True), ASK, "credential.blocked", id="credential"
        ),
        pytest.param(VIEW, replace(ASK, connection="x"), "request.connection", id="connection"),
        pytest.param(VIEW, replace(ASK, scopes=READ), "granted", id="within"),
        pytest.param(VIEW, replace(ASK, scopes=WRITE), "grant.scopes", id="beyond"),
        pytest.param(VIEW, replace(ASK, scopes=READ | WRITE), "grant.scopes", id="one too many"),
        pytest.param(
            _view(definition=FIXED), replace(ASK, scopes=READ), "grant.covers_whole_scope",
            id="fixed token carries more than the grant",
        ),
        pytest.param(
            _view(definition=FIXED, scopes=READ | WRITE), replace(ASK, scopes=READ), "granted",
            id="fixed, covered",
        ),
        pytest.param(
            _view(definition=replace(FIXED, scopes=frozenset()), scopes=frozenset()), ASK,
            "grant.full_access", id="reach not declared",
        ),
        pytest.param(
            _view(definition=replace(FIXED, scopes=NONE), scopes=NONE, full_access=True),
            ASK, "granted", id="full access said",
        ),
        pytest.param(_view(definition=KEY), ASK, "grant.full_access", id="key, not all granted"),
        pytest.param(
            _view(definition=KEY, scopes=NONE, full_access=True), ASK, "granted", id="key"
        ),
        pytest.param(
            _view(definition=KEY, full_access=True), replace(ASK, scopes=READ), "grant.scopes",
            id="key asked for less of itself",
        ),
        pytest.param(
            _view(definition=KEY, full_access=True), replace(ASK, tenant="t"), "grant.tenants",
            id="key of no family",
        ),
        pytest.param(VIEW, replace(ASK, audience="a"), "grant.audiences", id="audience unlisted"),
        pytest.param(
            _view(audiences=frozenset("a")), replace(ASK, audience="a"), "granted", id="listed"
        ),
        pytest.param(_view(audiences=frozenset("ab")), ASK, "grant.audiences", id="which of two?"),
        pytest.param(VIEW, replace(ASK, resources=("r",)), "grant.resources", id="resource"),
        pytest.param(
            _view(resources=frozenset({"r"})),
            replace(ASK, resources=("r", "s")),
            "grant.resources",
            id="one of two resources unlisted",
        ),
        pytest.param(VIEW, replace(ASK, tenant="t"), "grant.tenants", id="tenant of no family"),
        pytest.param(_view(definition=FAMILY), ASK, "grant.tenants", id="family wants a tenant"),
        pytest.param(
            _view(definition=FAMILY, tenants=frozenset({"t"})), replace(ASK, tenant="u"),
            "grant.tenants", id="another tenant",
        ),
        pytest.param(
            _view(definition=FAMILY, tenants=ALL_TENANTS), replace(ASK, tenant="u"), "granted",
            id="all tenants",
        ),
    ],
)  # fmt: skip
def test_first_rule_that_fails_decides(
    view: RegistryView, request_: VendRequest, rule: str
) -> None:
    assert _rule(view, request_) == rule


@pytest.mark.parametrize(
    ("after", "rule"), [(-1, "granted"), (0, "grant.scopes"), (1, "grant.scopes")]
)
def test_observing_ends_at_its_instant(after: int, rule: str) -> None:
    until = NOW - timedelta(seconds=after)
    view = _view(observation=Observation(scopes=WRITE, until=until))

    assert _rule(view, replace(ASK, scopes=WRITE)) == rule


def test_observed_scope_is_counted() -> None:
    view = _view(observation=Observation(scopes=WRITE, until=NOW + timedelta(days=1)))

    assert decide(PROOF, replace(ASK, scopes=WRITE), view, now=NOW).observed_scopes == WRITE


def test_pinned_role_that_was_made_again_is_unknown() -> None:
    view = replace(VIEW, caller=Caller(name="billing", unique_id="AROATWO"))

    assert _rule(view, ASK) == "caller.unique_id"


@pytest.mark.parametrize(
    ("secret", "rule"),
    [("old", "granted"), ("new", "granted"), ("x", "caller.secret"), (None, "caller.secret")],
)
def test_two_client_secrets_are_valid_during_rotation(secret: str | None, rule: str) -> None:
    view = replace(VIEW, client_secret_hashes=(Secret("old").sha256, Secret("new").sha256))
    proof = Proof(EntryPoint.OAUTH2, "client:x", client_secret=Secret(secret) if secret else None)

    assert _rule(view, ASK, proof) == rule


def test_isolated_callers_share_no_token() -> None:
    view = _view(isolation=Isolation.CALLER)

    shared = decide(PROOF, ASK, VIEW, now=NOW)
    isolated = decide(PROOF, ASK, view, now=NOW)

    assert shared.key != isolated.key


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        (EntryPoint.IAM, "granted"),
        (EntryPoint.DIRECT, "granted"),
        (EntryPoint.OAUTH2, "credential.api_key_entry"),
    ],
)
def test_key_is_vended_where_nobody_sends_it_as_a_bearer_token(
    entry: EntryPoint, rule: str
) -> None:
    view = _view(definition=KEY, full_access=True, client_secret_hashes=(Secret("s").sha256,))

    assert _rule(view, ASK, replace(OAUTH, entry=entry)) == rule
