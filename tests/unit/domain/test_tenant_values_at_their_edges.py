"""Values of each customer's own at the edges: the longest label, each endpoint, each pattern."""

from dataclasses import replace

import pytest

from tokenvend.domain.consent_flow import ConsentFlow
from tokenvend.domain.credential_definition import Authorization, CredentialDefinition
from tokenvend.domain.secret_destination import destination_of
from tokenvend.domain.tenant_binding import NotBoundError, TenantBinding, bound_definition
from tokenvend.domain.tenant_values import (
    TenantValueError,
    bind,
    host_patterns,
    matches,
    matches_host,
)

DEFINITION = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://{tenant.shop}.shops.example/token",
    tenant_values={"shop": ("*",)},
)
ACME = {"shop": "acme"}


@pytest.mark.parametrize("value", ["evil-1-eu", "acme-1-us", "1-eu", "acme-1", "acme-"])
def test_text_around_the_star_stands_for_itself(value: str) -> None:
    assert matches("acme-*-eu", "acme-1-eu")
    assert not matches("acme-*-eu", value)


def test_star_stands_for_a_label_of_at_most_63_characters() -> None:
    assert matches("*", "a_b")
    assert matches("*", "a" * 63)
    assert not matches("*", "a" * 64)


def test_label_of_a_host_has_at_most_63_characters() -> None:
    for length, fits in ((63, True), (64, False)):
        host = f"{'a' * length}.shops.example"
        assert matches_host(host, host) is fits


def test_empty_value_is_a_missing_one() -> None:
    with pytest.raises(TenantValueError, match="shop is needed"):
        bind(DEFINITION, {"shop": ""})


def test_value_stands_in_the_refresh_endpoint_and_in_the_issuer() -> None:
    authorization = Authorization(
        endpoint="https://{tenant.shop}.shops.example/allow",
        redirect_uri="https://us.example/callback/jobs",
        issuer="https://{tenant.shop}.shops.example",
        flow=ConsentFlow(refresh_endpoint="https://{tenant.shop}.shops.example/refresh"),
    )

    bound = bind(replace(DEFINITION, authorization=authorization), ACME).authorization

    assert bound is not None
    assert bound.issuer == "https://acme.shops.example"
    assert bound.flow.refresh_endpoint == "https://acme.shops.example/refresh"


def test_endpoint_without_a_value_stays_as_it_is() -> None:
    revoked_at = "https://login.shops.example/revoke?all=1"

    bound = bind(replace(DEFINITION, revocation_endpoint=revoked_at), ACME)

    assert bound.revocation_endpoint == revoked_at
    assert bound.tenant_values == {}


def test_port_has_up_to_five_digits() -> None:
    endpoint = "https://{tenant.shop}.shops.example:10443/token"

    bound = bind(replace(DEFINITION, token_endpoint=endpoint), ACME)

    assert bound.token_endpoint == "https://acme.shops.example:10443/token"


@pytest.mark.parametrize("value", [".", ".."])
def test_value_that_the_file_allows_makes_no_step_in_a_path(value: str) -> None:
    definition = replace(
        DEFINITION,
        token_endpoint="https://login.shops.example/{tenant.shop}/token",
        tenant_values={"shop": (value,)},
    )

    with pytest.raises(TenantValueError, match="cannot stand there"):
        bind(definition, {"shop": value})


def test_value_does_not_stand_in_a_fragment() -> None:
    definition = replace(DEFINITION, token_endpoint="https://login.shops.example/t#{tenant.shop}")

    with pytest.raises(TenantValueError, match="cannot stand there"):
        bind(definition, ACME)


def test_value_that_stands_twice_in_a_host_is_the_same_in_both_places() -> None:
    url = "https://{tenant.shop}.{tenant.shop}.example/token"

    assert host_patterns(url, {"shop": ("a", "b")}) == ["a.a.example", "b.b.example"]


def test_hosts_are_recorded_in_small_letters_and_in_order() -> None:
    definition = replace(
        DEFINITION,
        token_endpoint="https://{tenant.shop}/token",
        tenant_values={"shop": ("*.Shops.example", "*.b.example", "*.a.example")},
    )

    assert destination_of(definition) == "@any.a.example @any.b.example @any.shops.example"


def test_connection_stays_at_its_host_when_the_file_writes_that_host_out() -> None:
    fixed = replace(DEFINITION, token_endpoint="https://acme.shops.example/token", tenant_values={})

    assert bound_definition(fixed, TenantBinding(ACME, "acme.shops.example")) == fixed
    with pytest.raises(NotBoundError):
        bound_definition(fixed, TenantBinding({"shop": "globex"}, "globex.shops.example"))


def test_address_is_no_host_whatever_the_pattern_says() -> None:
    assert matches_host("*.*.example", "a.b.example")
    assert not matches_host("*.*.3", "a.b.3")
    assert not matches_host("*.*.*.*", "10.0.0.1")
