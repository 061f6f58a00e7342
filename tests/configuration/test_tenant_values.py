"""What the file may say of each customer's own host and values, and what is refused in it."""

from typing import Any

import pytest
from tests.configuration.described import definition_of
from tests.configuration.samples import problems_in

from tokenvend.adapters.dynamodb.definition_items import build_definition, parse_definition
from tokenvend_cli.configuration.host_rules import host_problem
from tokenvend_cli.configuration.load import parse_configuration
from tokenvend_cli.problems import ConfigurationError

OWN_HOST: dict[str, Any] = {
    "token_endpoint": "https://{tenant.domain}/oauth/token",
    "tenant_values": {"domain": ["*.provider.example"]},
}


def refused(**provider: Any) -> list[str]:
    """What is wrong with the file where its provider says that much more."""
    return problems_in({"providers": {"acme": OWN_HOST | provider}})


def test_definition_holds_the_values_that_its_own_requests_use() -> None:
    provider = OWN_HOST | {
        "authorization_endpoint": "https://{tenant.login}/authorize",
        "tenant_values": OWN_HOST["tenant_values"] | {"login": ["login-*.provider.example"]},
    }
    consents = {
        "kind": "authorization_code",
        "redirect_uri": "https://us.example/callback/jobs",
        "scopes": ["read"],
    }

    assert definition_of(provider, {"family": True}).tenant_values == {
        "domain": ("*.provider.example",)
    }
    assert definition_of(provider, consents).tenant_values == {
        "domain": ("*.provider.example",),
        "login": ("login-*.provider.example",),
    }


def test_definition_of_the_former_version_is_read() -> None:
    definition = definition_of(OWN_HOST, {"family": True})
    document = build_definition(definition).document
    former = {key: each for key, each in document.items() if key != "tenant_values"}

    assert parse_definition(document) == definition
    assert parse_definition(former).tenant_values == {}
    assert parse_definition(former).fingerprint != definition.fingerprint


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("*", "write out at least the provider's own domain"),
        ("*.example", "write out at least the provider's own domain"),
        ("*.*.example", "write out at least the provider's own domain"),
        ("*provider.example", "write out at least the provider's own domain"),
        ("acme.*", "write out at least the provider's own domain"),
        ("provider.*.example", "write out at least the provider's own domain"),
        ("example", "write out at least the provider's own domain"),
        ("*.co.uk", "anybody can buy a name under co.uk"),
        ("*.com.au", "anybody can buy a name under com.au"),
        ("*.herokuapp.com", "anybody can have a name under herokuapp.com"),
        ("*.s3.amazonaws.com", "anybody can have a name under amazonaws.com"),
        ("*.169.254.169.254.nip.io", "anybody can have a name under nip.io"),
        ("169.254.169.254", "it is an address"),
        ("169.254.169.*", "write out at least the provider's own domain"),
        ("*.169.254", "that is a name or an address of a network's own"),
        ("*.0xa9fea9fe.1", "that is a name or an address of a network's own"),
        ("*.google.internal", "that is a name or an address of a network's own"),
        ("metadata.google.internal", "that is a name or an address of a network's own"),
        ("*.acme.localhost", "that is a name or an address of a network's own"),
        ("*.Provider.example", "a host's name has small letters"),
        ("*.pro_vider.example", "a host's name has small letters"),
        ("*.provider.example:8443", "a host's name has small letters"),
        ("acme@*.provider.example", "a host's name has small letters"),
        ("*.provider..example", "a host's name has small letters"),
        ("*.provider.example.", "a host's name has small letters"),
        ("*.-provider.example", "a host's name has small letters"),
        ("*.xn--prvider-3of.example", "an internationalised label may look like another"),
    ],
)
def test_pattern_that_admits_too_much_is_refused_at_its_place(pattern: str, why: str) -> None:
    (problem,) = refused(tenant_values={"domain": [pattern]})

    assert problem.startswith(
        f"providers.acme.tenant_values.domain: token_endpoint could be sent to {pattern}: {why}"
    )


@pytest.mark.parametrize(
    "pattern",
    [
        *("*.provider.example", "login.provider.example", "acme-*.provider.example"),
        *("*.eu.provider.example", "*.*.provider.example", "*.myshopify.com", "*.acme.co.uk"),
        *("acme.co.uk", "acme.herokuapp.com", "xn--prvider-3of.example"),
    ],
)
def test_pattern_under_a_providers_own_domain_is_taken(pattern: str) -> None:
    assert refused(tenant_values={"domain": [pattern]}) == []
    assert host_problem(pattern) is None


def test_pattern_is_judged_with_the_host_around_it() -> None:
    part = {"token_endpoint": "https://{tenant.domain}.provider.example/token"}
    too_much = {"token_endpoint": "https://{tenant.domain}.example/token"}
    values = {"tenant_values": {"domain": ["*"]}}

    assert refused(**part, **values) == []
    assert "token_endpoint could be sent to *.example" in refused(**too_much, **values)[0]


def test_every_endpoint_is_judged() -> None:
    values = {"tenant_values": {"domain": ["*"], "host": ["*"]}}
    fixed = {"token_endpoint": "https://{tenant.domain}.provider.example/token"}

    for key in ("authorization_endpoint", "revocation_endpoint", "account_endpoint"):
        (problem,) = refused(**fixed, **values, **{key: "https://{tenant.host}/x"})
        assert problem.startswith(f"providers.acme.tenant_values.host: {key} could be sent to *")


@pytest.mark.parametrize(
    ("said", "place", "what"),
    [
        ({"tenant_values": {}}, "token_endpoint", "does not say what {tenant.domain} looks like"),
        (
            {"token_request": {"parameters_in": "json", "parameters": {"a": ["{tenant.realm}"]}}},
            "token_request.parameters.a[0]",
            "does not say what {tenant.realm} looks like",
        ),
        (
            {"authorization_parameters": {"realm": "{tenant.realm}"}},
            "authorization_parameters.realm",
            "does not say what {tenant.realm} looks like",
        ),
        (
            {"api_key": {"headers": {"X-Key": "{tenant.domain}-{secret.api_key}"}}},
            "api_key.headers.X-Key",
            "an API key has no {tenant.domain}: write {secret.domain}, a field of its secret",
        ),
        (
            {"api_request": {"headers": {"A": "{token}", "B": "{secret.a_{tenant.domain}}"}}},
            "api_request.headers.B",
            "a brace begins a placeholder",
        ),
        (
            {"tenant_values": OWN_HOST["tenant_values"] | {"realm": ["*"]}},
            "tenant_values.realm",
            "stands nowhere",
        ),
        (
            {
                "token_endpoint": "https://{tenant.client_secret}/token",
                "tenant_values": {"client_secret": ["*.provider.example"]},
            },
            "tenant_values.client_secret",
            "is a field of a secret already",
        ),
        ({"tenant_values": {"domain": []}}, "tenant_values.domain", "needs a pattern"),
        (
            {"tenant_values": {"domain": [f"a{i}.provider.example" for i in range(51)]}},
            "tenant_values.domain",
            "50 are the most",
        ),
        (
            {"tenant_values": {"domain": [f"{'a' * 99}{i}.provider.example" for i in range(40)]}},
            "tenant_values",
            "4096 are the most",
        ),
        (
            {"tenant_values": {"domain": ["*-*.provider.example"]}},
            "tenant_values.domain[0]",
            "more than one *",
        ),
        ({"tenant_values": {"domain": [".."]}}, "tenant_values.domain[0]", "nothing but dots"),
        (
            {
                "authorization_endpoint": "https://{tenant.domain}/authorize",
                "tenant_values": {"domain": [f"customer-{i}.provider.example" for i in range(12)]},
            },
            "tenant_values",
            "a secret's tag holds 256",
        ),
    ],
)
def test_what_would_not_work_is_told_with_its_place(
    said: dict[str, Any], place: str, what: str
) -> None:
    (problem,) = refused(**said)

    assert problem.startswith(f"providers.acme.{place}: ")
    assert what in problem


_FILE = """
version: 1
providers:
  acme:
    token_endpoint: {url}
    tenant_values: {{domain: ["{pattern}"]}}
"""


@pytest.mark.parametrize(
    ("url", "pattern", "place"),
    [
        ("https://us@{tenant.domain}/token", "*.provider.example", "token_endpoint"),
        ("https://{tenant.domain}:{tenant.domain}/token", "*.provider.example", "token_endpoint"),
        ("https://{tenant.domain}:99x/token", "*.provider.example", "token_endpoint"),
        ("https://{tenant.domain}/token?x=1", "*.provider.example", "token_endpoint"),
        ("https://{secret.domain}/token", "*.provider.example", "token_endpoint"),
        ("https://{tenant.Domain}/token", "*.provider.example", "token_endpoint"),
        ("{tenant.domain}://acme.example/token", "*.provider.example", "token_endpoint"),
        ("https://acme.example/{tenant.domain", "*.provider.example", "token_endpoint"),
        ("https://{tenant.domain}/token", "*.provider.example/x", "tenant_values.domain[0]"),
        ("https://{tenant.domain}/token", "%2e.provider.example", "tenant_values.domain[0]"),
        ("https://{tenant.domain}/token", "{tenant.domain}", "tenant_values.domain[0]"),
        ("https://{tenant.domain}/token", "(a|b).provider.example", "tenant_values.domain[0]"),
    ],
)
def test_form_is_told_with_its_line(url: str, pattern: str, place: str) -> None:
    text = _FILE.format(url=f'"{url}"', pattern=pattern)

    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text, name="tokenvend.yaml")

    (problem,) = caught.value.problems
    assert problem.place == f"providers.acme.{place}"
    assert problem.line == (5 if place == "token_endpoint" else 6)
