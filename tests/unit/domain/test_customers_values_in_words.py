"""What is said of a customer's own values that do not fit, and which URLs stay as they are."""

from dataclasses import replace

import pytest

from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.secret_fields import secret_fields
from tokenvend.domain.tenant_binding import (
    NotBoundError,
    TenantBinding,
    bound_definition,
    start_binding,
)
from tokenvend.domain.tenant_values import (
    TenantValueError,
    bind,
    matches,
    matches_host,
    unfilled,
)

OF_SHOPS = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://{tenant.shop}.shops.example/token",
    tenant_values={"shop": ("*",)},
)
IN_PATH = replace(OF_SHOPS, token_endpoint="https://login.shops.example/{tenant.shop}/token")
ACME = {"shop": "acme"}


@pytest.mark.parametrize("label", ["acme-eu", "acme--eu", "acme-", "-eu", "acmeeu"])
def test_the_text_around_a_star_never_overlaps(label: str) -> None:
    assert not matches("acme-*-eu", label)


@pytest.mark.parametrize("host", ["a.3", "a.b.3", "a.b.0x3", "a.b.3c-", "localhost"])
def test_the_last_label_of_a_host_begins_with_a_letter(host: str) -> None:
    assert not matches_host(".".join("*" for _ in host.split(".")), host)


@pytest.mark.parametrize(
    "template",
    [
        "https://login.shops.example/{tenant.shop}/https://token",
        "https://[2001:db8::1]/{tenant.shop}/token",
        "https://login.shops.example:8443/{tenant.shop}/token",
    ],
    ids=["a URL in the path", "an address", "a port"],
)
def test_a_value_in_the_path_changes_nothing_else(template: str) -> None:
    bound = bind(replace(OF_SHOPS, token_endpoint=template), ACME)

    assert bound.token_endpoint == template.replace("{tenant.shop}", "acme")


def test_a_value_that_would_change_the_url_is_named_and_not_quoted() -> None:
    definition = replace(IN_PATH, tenant_values={"shop": ("..",)})

    with pytest.raises(TenantValueError) as caught:
        bind(definition, {"shop": ".."})

    assert str(caught.value) == "shop cannot stand there in an endpoint"


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (CredentialKind.CLIENT_CREDENTIALS, ("client_id", "client_secret", "shop")),
        (CredentialKind.AUTHORIZATION_CODE, ("client_id", "client_secret")),
    ],
)
def test_the_secret_has_a_customers_values_only_where_no_connection_has_them(
    kind: CredentialKind, fields: tuple[str, ...]
) -> None:
    assert secret_fields(replace(OF_SHOPS, kind=kind)) == fields


def test_a_start_at_another_customers_host_says_what_to_do() -> None:
    former = TenantBinding({"shop": "globex"}, "globex.shops.example")

    with pytest.raises(NotBoundError) as caught:
        start_binding(OF_SHOPS, ACME, former)

    assert str(caught.value) == (
        "the connection is at another host, or another customer's: disconnect it first"
    )


@pytest.mark.parametrize(
    ("binding", "reason"),
    [
        (None, "the connection was started without a host of its own"),
        (TenantBinding(ACME, "acme.elsewhere.example"), "the connection was started at another"),
    ],
)
def test_a_connection_that_does_not_fit_the_file_says_why(
    binding: TenantBinding | None, reason: str
) -> None:
    with pytest.raises(NotBoundError, match=f"^{reason}"):
        bound_definition(OF_SHOPS, binding)


def test_what_is_shown_names_a_customers_values_wherever_they_stand() -> None:
    described = {"headers": {"X-Shop": "{tenant.shop}", "A": "{token}"}}
    definition = replace(OF_SHOPS, token_request=described, api_request=described)

    shown = unfilled(definition)

    for each in (shown.token_request, shown.api_request):
        assert each == {"headers": {"X-Shop": "{{tenant.shop}}", "A": "{token}"}}
    assert shown.tenant_values == {}
