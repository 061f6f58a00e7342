"""What a granted token carries: its scopes, its target, its tenant and its caller."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import scope_sets
from tests.unit.domain.registry_views import (
    DEFINITION,
    GRANT,
    NONE,
    NOW,
    PROOF,
    READ,
    REQUEST,
    VIEW,
    WRITE,
    decide_for,
    refusal,
)

from tokenvend.domain.credential_definition import ScopeMode
from tokenvend.domain.decision import decide
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.registry import Isolation, Observation
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.scopes import Scopes


def test_narrowing_provider_is_never_asked_for_no_scope_at_all() -> None:
    # It would choose, and an answer that says nothing would count as what was asked: nothing.
    view = replace(VIEW, grant=replace(GRANT, scopes=NONE))

    assert refusal(view).rule == Rule.FULL_ACCESS


def test_full_access_may_leave_the_scopes_to_a_narrowing_provider() -> None:
    granted = decide_for(replace(GRANT, scopes=NONE, full_access=True), DEFINITION, REQUEST)

    assert granted.spec.scopes == NONE


@pytest.mark.parametrize("mode", list(ScopeMode))
def test_full_access_covers_no_scope_that_was_not_granted(mode: ScopeMode) -> None:
    view = replace(
        VIEW,
        grant=replace(GRANT, full_access=True),
        definition=replace(DEFINITION, scope_mode=mode),
    )

    assert refusal(view, replace(REQUEST, scopes=WRITE)).rule == Rule.SCOPES


def test_default_scopes_are_what_a_request_without_scope_gets() -> None:
    grant = replace(GRANT, scopes=READ | WRITE, default_scopes=READ)

    assert decide_for(grant, DEFINITION, REQUEST).spec.scopes == READ
    assert decide_for(grant, DEFINITION, replace(REQUEST, scopes=WRITE)).spec.scopes == WRITE


def test_default_beyond_the_ceiling_is_refused_too() -> None:
    view = replace(VIEW, grant=replace(GRANT, default_scopes=WRITE))

    assert refusal(view).rule == Rule.SCOPES


def test_fixed_token_is_one_token_whatever_part_of_it_was_asked_for() -> None:
    fixed = replace(DEFINITION, scope_mode=ScopeMode.FIXED)
    grant = replace(GRANT, scopes=READ | WRITE)

    part, whole = (
        decide_for(grant, fixed, each) for each in (replace(REQUEST, scopes=READ), REQUEST)
    )

    assert part.key == whole.key
    assert (part.requested_scopes, part.spec.scopes) == (READ, READ | WRITE)


def test_observing_lets_a_fixed_token_carry_more_than_the_grant_until_its_date() -> None:
    observed = Observation(scopes=WRITE, until=NOW + timedelta(seconds=1))
    grant = replace(GRANT, observation=observed)
    view = replace(VIEW, grant=grant, definition=replace(DEFINITION, scope_mode=ScopeMode.FIXED))

    before = decide(PROOF, REQUEST, view, now=NOW)

    assert before.observed_scopes == WRITE
    with pytest.raises(TokenVendError) as caught:
        decide(PROOF, REQUEST, view, now=observed.until)
    assert caught.value.rule == Rule.WHOLE_SCOPE


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        (replace(REQUEST, audience="a"), Rule.AUDIENCE),
        (replace(REQUEST, resources=("r",)), Rule.RESOURCE),
        (replace(REQUEST, tenant="t"), Rule.TENANT),
        (replace(REQUEST, connection="c"), Rule.CONNECTION),
    ],
)
def test_observing_excuses_scopes_and_nothing_else(request_: VendRequest, rule: Rule) -> None:
    observation = Observation(
        scopes=frozenset({"write", "a", "r", "t", "c"}), until=NOW + timedelta(days=1)
    )

    assert (
        refusal(replace(VIEW, grant=replace(GRANT, observation=observation)), request_).rule == rule
    )


def test_only_target_of_a_grant_is_named_unasked() -> None:
    grant = replace(GRANT, audiences=frozenset({"a"}), resources=frozenset({"r"}))

    spec = decide_for(grant, DEFINITION, REQUEST).spec

    assert (spec.audience, spec.resources) == ("a", ("r",))


def test_star_is_every_tenant_only_when_it_stands_alone() -> None:
    family = replace(DEFINITION, family=True)
    view = replace(VIEW, definition=family, grant=replace(GRANT, tenants=frozenset({"*", "acme"})))

    assert refusal(view, replace(REQUEST, tenant="other")).rule == Rule.TENANT


def test_isolated_token_names_its_caller_and_a_shared_one_does_not() -> None:
    assert decide_for(GRANT, DEFINITION, REQUEST).spec.caller is None
    isolated = replace(GRANT, isolation=Isolation.CALLER)
    assert decide_for(isolated, DEFINITION, REQUEST).spec.caller == "billing"


@given(
    mode=st.sampled_from(ScopeMode),
    ceiling=scope_sets,
    whole=scope_sets,
    requested_scopes=st.none() | scope_sets.filter(bool),
)
def test_token_never_carries_more_than_the_grant(
    mode: ScopeMode, ceiling: Scopes, whole: Scopes, requested_scopes: Scopes | None
) -> None:
    definition = replace(DEFINITION, scopes=whole, scope_mode=mode)
    try:
        granted = decide_for(
            replace(GRANT, scopes=ceiling), definition, replace(REQUEST, scopes=requested_scopes)
        )
    except TokenVendError:
        return

    assert granted.spec.scopes
    assert granted.spec.scopes <= ceiling
    assert requested_scopes is None or requested_scopes <= granted.spec.scopes
    assert not granted.observed_scopes
