"""All that shapes a token is in its cache key or its definition's fingerprint."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import CredentialDefinition, ScopeMode

READ, WRITE = frozenset({"read"}), frozenset({"write"})
NARROWS = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://a.example/t",
    scopes=READ | WRITE,
    scope_mode=ScopeMode.NARROWS,
)
_values = st.one_of(st.none(), st.text(max_size=8))
_specs = st.builds(
    TokenSpec,
    credential=st.text(max_size=8),
    definition=st.text(max_size=8),
    scopes=st.frozensets(st.text(max_size=4), max_size=3),
    tenant=_values,
    audience=_values,
    resources=st.frozensets(st.text(max_size=8), max_size=3).map(lambda each: tuple(sorted(each))),
    connection=_values,
    connection_owner=_values,
    caller=_values,
)


@given(one=_specs, other=_specs)
def test_specifications_that_differ_share_no_key(one: TokenSpec, other: TokenSpec) -> None:
    assume(one != other)

    assert one.key() != other.key()


@given(spec=_specs, data=st.data())
def test_every_field_shapes_the_key(spec: TokenSpec, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([field.name for field in fields(TokenSpec)]))
    several: dict[str, Any] = {
        "scopes": frozenset({"changed!"}),
        "resources": ("changed!" * 2,),
    }
    changed = several.get(name, "changed!changed!")

    assert replace(spec, **{name: changed}).key() != spec.key()


SHAPING: dict[str, object] = {
    "token_endpoint": "https://b.example/t",
    "client_id": "other",
    "scopes": READ,
    "scope_mode": ScopeMode.FIXED,
    "scope_separator": ",",
    "scope_parameter": True,
    "extra_parameters": {"a": "b"},
    "family": True,
    "single_active_token": True,
    "token_request": {"parameters_in": "json"},
    "token_answer": {"token": "data.token"},
    "api_request": {"query": {"key": "{secret.api_key}"}},
    "signed_jwt": {"algorithm": "ES256", "claims": {"iss": "us"}},
    "tenant_values": {"domain": ("*.provider.example",)},
}
#: A name is a field of the specification itself; the others do not reach the provider's answer.
NOT_SHAPING = {
    *("name", "provider", "revocation_endpoint", "default_lifetime_seconds", "rotation"),
    "authorization",  # how a consent comes about; the token is its connection's
    "assertion",  # another key proves the same client
}
CHECKED_ELSEWHERE = {"kind", "client_authentication", "secret"}


@pytest.mark.parametrize("name", SHAPING)
def test_definition_that_shapes_another_token_has_another_fingerprint(name: str) -> None:
    changed: CredentialDefinition = replace(NARROWS, **{name: SHAPING[name]})  # type: ignore[arg-type]

    assert changed.fingerprint != NARROWS.fingerprint


def test_every_field_of_a_definition_is_known_to_shape_tokens_or_not() -> None:
    names = {field.name for field in fields(CredentialDefinition)}

    assert names == SHAPING.keys() | NOT_SHAPING | CHECKED_ELSEWHERE
