"""A customer's own value stands in the provider's URLs if it fits, and leads nowhere else."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.domain.host_attacks import HOST_ATTACKS
from urllib3.util import parse_url

from tokenvend.domain.credential_definition import Assertion, Authorization, CredentialDefinition
from tokenvend.domain.oauth.token_request import ProviderSecret, host_of
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import destination_of, is_allowed
from tokenvend.domain.tenant_values import TenantValueError, bind, matches, matches_host, unfilled

OWN_HOST = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://{tenant.domain}/oauth/token",
    revocation_endpoint="https://{tenant.domain}/oauth/revoke",
    family=True,
    tenant_values={"domain": ("*.provider.example", "login.big.example")},
)
OWN_PART = replace(
    OWN_HOST,
    token_endpoint="https://{tenant.shop}.shops.example:8443/{tenant.directory}/token",
    revocation_endpoint=None,
    tenant_values={"shop": ("*",), "directory": ("*", "*@a.example")},
)


@pytest.mark.parametrize("attack", HOST_ATTACKS)
def test_tenant_that_names_another_host_is_refused(attack: str) -> None:
    with pytest.raises(TenantValueError) as caught:
        bind(OWN_HOST, {"domain": HOST_ATTACKS[attack]})

    assert caught.value.name == "domain"
    # The same texts for all: nothing of the value stands in them.
    assert str(caught.value) in {
        "domain is needed: it is a value of each tenant's own",
        "domain must look like *.provider.example or login.big.example, as the file has it",
        "domain must make a host's name, in small letters",
    }


@pytest.mark.parametrize(
    "host", ["acme.provider.example", "a-1.provider.example", "login.big.example"]
)
def test_host_that_fits_stands_in_each_endpoint(host: str) -> None:
    bound = bind(OWN_HOST, {"domain": host})

    assert bound.token_endpoint == f"https://{host}/oauth/token"
    assert bound.revocation_endpoint == f"https://{host}/oauth/revoke"
    assert destination_of(bound) == host
    assert not bound.tenant_values


def test_value_is_encoded_for_the_place_in_which_it_stands() -> None:
    definition = replace(
        OWN_PART,
        token_request={"parameters": {"realm": "{tenant.directory}", "list": ["{tenant.shop}", 1]}},
        assertion=Assertion(audience="https://{tenant.shop}.shops.example"),
        authorization=Authorization(
            endpoint="https://{tenant.shop}.shops.example/{tenant.directory}",
            redirect_uri="https://us.example/callback/jobs",
            account_endpoint="https://{tenant.shop}.shops.example/me",
            parameters={"audience": "{tenant.directory}"},
        ),
    )

    bound = bind(definition, {"shop": "acme", "directory": "jo@a.example"})

    assert bound.token_endpoint == "https://acme.shops.example:8443/jo%40a.example/token"
    assert bound.token_request == {"parameters": {"realm": "jo@a.example", "list": ["acme", 1]}}
    assert bound.assertion is not None
    assert bound.assertion.audience == "https://acme.shops.example"
    assert bound.authorization is not None
    assert bound.authorization.endpoint == "https://acme.shops.example/jo%40a.example"
    assert bound.authorization.account_endpoint == "https://acme.shops.example/me"
    assert bound.authorization.parameters == {"audience": "jo@a.example"}


@pytest.mark.parametrize("value", ["..", ".", "a/b", "a%2fb", "a b", "a\\b", "a{b", ""])
def test_value_cannot_leave_its_segment_of_a_path(value: str) -> None:
    with pytest.raises(TenantValueError):
        bind(OWN_PART, {"shop": "acme", "directory": value})


@pytest.mark.parametrize(
    ("given", "named"),
    [({}, "domain"), ({"domain": 7}, "domain"), ({"domain": "a.provider.example", "x": "y"}, "x")],
)
def test_values_are_those_that_the_file_declares(given: dict[str, object], named: str) -> None:
    with pytest.raises(TenantValueError) as caught:
        bind(OWN_HOST, given)

    assert caught.value.name == named


def test_placeholder_where_no_value_may_stand_is_never_sent() -> None:
    odd = replace(OWN_PART, token_endpoint="https://a.shops.example:{tenant.shop}/token")
    query = replace(OWN_PART, token_endpoint="https://a.shops.example/t?{tenant.shop}")

    for definition in (odd, query):
        with pytest.raises(TenantValueError, match="cannot stand there"):
            bind(definition, {"shop": "acme", "directory": "d"})


_HOSTLY = st.text(alphabet="abz019.-*@:/%\\_ Aé\uff45{}[]#?", max_size=40)


@given(value=_HOSTLY | st.text(max_size=20).map(lambda text: f"{text}.provider.example"))
def test_any_value_leads_to_the_providers_domain_or_nowhere(value: str) -> None:
    try:
        url = bind(OWN_HOST, {"domain": value}).token_endpoint
    except TenantValueError:
        return

    # Read by the parser that compares and by the one that connects.
    assert urlsplit(url).hostname == parse_url(url).host == value
    assert value == "login.big.example" or value.endswith(".provider.example")
    assert urlsplit(url).path == "/oauth/token"


@given(value=st.text(alphabet="abz019._-*@:/%\\ {}?#é", max_size=20))
def test_any_value_stays_in_its_segment(value: str) -> None:
    try:
        url = bind(OWN_PART, {"shop": "acme", "directory": value}).token_endpoint
    except TenantValueError:
        return

    parts = urlsplit(url)
    assert (parts.netloc, parts.query, parts.fragment) == ("acme.shops.example:8443", "", "")
    assert parts.path.count("/") == 2
    assert parts.path.endswith("/token")


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("*", "11111111-2222", True),
        ("*", "a.b", False),
        ("acme-*-eu", "acme-1-eu", True),
        ("acme-*-eu", "acme--eu", False),
        ("acme-*-eu", "acme-eu", False),
        ("*.*.example", "a.b.example", True),
        ("a.example", "b.example", False),
    ],
)
def test_pattern_stands_for_whole_values(pattern: str, value: str, fits: bool) -> None:  # noqa: FBT001
    assert matches(pattern, value) is fits


def test_longest_value_is_a_hosts_longest_name() -> None:
    assert matches("a" * 253, "a" * 253)
    assert not matches("a" * 254, "a" * 254)


def test_internationalised_host_is_one_that_the_file_writes_out() -> None:
    assert matches_host("xn--acme-9cd.example", "xn--acme-9cd.example")
    assert not matches_host("*.provider.example", "xn--acme-9cd.provider.example")
    assert not matches_host("xn*.provider.example", "xn--acme-9cd.provider.example")


@pytest.mark.parametrize(
    ("recorded", "host", "allowed"),
    [
        ("acme.provider.example", "acme.provider.example", True),
        ("acme.provider.example", "evil.provider.example", False),
        ("@any.provider.example", "acme.provider.example", True),
        ("@any.provider.example", "acme.eu.provider.example", False),
        ("@any.provider.example", "acme.provider.example:8443", False),
        ("@any.provider.example:8443", "acme.provider.example:8443", True),
        ("@any.provider.example login.big.example", "login.big.example", True),
        ("@any.provider.example", "@callers", False),
        ("@callers", "callers", False),
        ("@any", "@callers", False),
        ("@any", "localhost", False),
        ("@any.@any.@any.@any", "169.254.169.254", False),
    ],
)
def test_secret_goes_to_the_hosts_that_are_recorded(
    recorded: str,
    host: str,
    allowed: bool,  # noqa: FBT001
) -> None:
    assert is_allowed(ProviderSecret("id", Secret("s"), recorded), host) is allowed


def test_secret_of_all_connections_is_recorded_by_its_patterns() -> None:
    assert destination_of(OWN_HOST) == "@any.provider.example login.big.example"
    assert destination_of(OWN_PART) == "@any.shops.example:8443"
    assert host_of(bind(OWN_HOST, {"domain": "a.provider.example"}).token_endpoint) == (
        "a.provider.example"
    )


def test_definition_is_shown_with_its_placeholders() -> None:
    shown = unfilled(replace(OWN_PART, token_request={"parameters": {"a": ["{tenant.shop}", 1]}}))

    assert shown.token_request == {"parameters": {"a": ["{{tenant.shop}}", 1]}}
    assert not shown.tenant_values
