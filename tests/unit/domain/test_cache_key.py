"""Two requests share a token only if they may, whatever stands in their fields."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.strategies import crafty_specs

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import (
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
)
from tokenvend.domain.secret_reference import SecretReference

DEFINITION = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://a.example/t",
    secret=SecretReference("arn:one", "id", "secret"),
)
OPTIONAL = [field.name for field in fields(TokenSpec) if field.default is None]


@given(one=crafty_specs, other=crafty_specs)
def test_crafty_specifications_share_no_key(one: TokenSpec, other: TokenSpec) -> None:
    assume(one != other)

    assert one.key() != other.key()


@given(spec=crafty_specs, data=st.data())
def test_value_that_moves_to_another_field_changes_the_key(
    spec: TokenSpec, data: st.DataObject
) -> None:
    one, other = data.draw(st.permutations(OPTIONAL))[:2]
    moved: Any = {one: getattr(spec, other), other: getattr(spec, one)}
    assume(moved[one] != moved[other])

    assert replace(spec, **moved).key() != spec.key()


@given(order=st.permutations(["a", "b", "c d", "e,f"]))
def test_order_of_scopes_does_not_change_the_key(order: list[str]) -> None:
    spec = TokenSpec(credential="jobs", definition="d", scopes=frozenset(order))
    same = TokenSpec(credential="jobs", definition="d", scopes=frozenset(reversed(order)))

    assert spec.key() == same.key()


def test_absent_is_not_empty_and_joined_is_not_two() -> None:
    bare = TokenSpec(credential="jobs", definition="d", scopes=frozenset({"a", "b"}))

    others = [
        replace(bare, tenant=""),
        replace(bare, tenant="null"),
        replace(bare, scopes=frozenset({"a b"})),
        replace(bare, scopes=frozenset({'a","b'})),
        replace(bare, credential="jobsd", definition=""),
    ]

    assert len({spec.key() for spec in [bare, *others]}) == len(others) + 1


def test_key_is_the_same_in_every_release() -> None:
    # If this fails, every stored token is lost when the new release is deployed.
    spec = TokenSpec(credential="jobs", definition="d", scopes=frozenset({"b", "a"}), tenant="t")

    assert spec.key() == "f8bb19d397d5c901a1f9cd892cd477a7f3ffc40300c18bf3d83d5c517833f838"


@pytest.mark.parametrize(
    "changed",
    [
        replace(DEFINITION, client_authentication=ClientAuthentication.POST),
        replace(DEFINITION, secret=None),
        replace(DEFINITION, secret=SecretReference("arn:two", "id", "secret")),
        replace(DEFINITION, secret=SecretReference("arn:one", "other", "secret")),
        replace(DEFINITION, secret=SecretReference("arn:one", "id", "other")),
        replace(DEFINITION, secret=SecretReference("arn:one", "id", "secret", "key")),
        replace(DEFINITION, client_id="our-client"),
        replace(DEFINITION, extra_parameters={"a": "b"}),
    ],
)
def test_definition_of_another_client_has_another_fingerprint(
    changed: CredentialDefinition,
) -> None:
    assert changed.fingerprint != DEFINITION.fingerprint


@pytest.mark.parametrize(
    "changed",
    [
        replace(DEFINITION, default_lifetime_seconds=7),
        replace(DEFINITION, revocation_endpoint="https://a.example/r"),
        replace(DEFINITION, provider="renamed"),
    ],
)
def test_what_shapes_no_token_leaves_the_fingerprint(changed: CredentialDefinition) -> None:
    assert changed.fingerprint == DEFINITION.fingerprint


def test_order_of_extra_parameters_leaves_the_fingerprint() -> None:
    one = replace(DEFINITION, extra_parameters={"a": "1", "b": "2"})
    other = replace(DEFINITION, extra_parameters={"b": "2", "a": "1"})

    assert one.fingerprint == other.fingerprint


def test_each_kind_of_credential_has_a_fingerprint_of_its_own() -> None:
    fingerprints = {replace(DEFINITION, kind=kind).fingerprint for kind in CredentialKind}

    assert len(fingerprints) == len(CredentialKind)
