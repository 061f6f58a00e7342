"""Values of each customer's own: any value, under any pattern that a file may have."""

from dataclasses import replace
from urllib.parse import urlsplit

from hypothesis import strategies as st
from urllib3.util import parse_url

from fuzzing import hostile
from fuzzing.target import FuzzTarget
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import is_allowed
from tokenvend.domain.tenant_values import TenantValueError, bind, recorded_hosts
from tokenvend_cli.configuration.host_rules import host_problem

_DEFINITION = CredentialDefinition(
    name="jobs", provider="acme", token_endpoint="https://{tenant.domain}/{tenant.realm}/token"
)
_labels = st.sampled_from(["*", "a*", "*-b", "acme", "xn--a-9cd", "1", "ACME", "a_b", ""])
_ends = st.sampled_from(["provider.example", "shops.co.uk", "example", "internal", "nip.io", "1.1"])
_patterns = st.lists(_labels, max_size=3).flatmap(
    lambda labels: _ends.map(lambda end: ".".join([*labels, end]))
)
_odd = st.sampled_from(
    ["@", ":1", "/", "%2f", "#", "?", "\\", ".", "..", " ", "é", "{", "\n", "[::1]"]
)
_values = st.one_of(
    hostile.texts,
    st.lists(_labels | _odd | st.text(alphabet="ab1-", max_size=4), max_size=5).map(".".join),
    st.tuples(st.text(max_size=6) | _odd, _ends).map(".".join),
)
_labels_of_customers = st.text(alphabet="ab1-", min_size=1, max_size=4)


def _cases(patterns: list[str]) -> st.SearchStrategy[tuple[list[str], str, str]]:
    """A domain that is odd, or one that one of *patterns* may match, and a realm."""
    domains = _values
    if patterns:
        domains |= st.tuples(st.sampled_from(patterns), _labels_of_customers).map(
            lambda both: both[0].replace("*", both[1])
        )
    return st.tuples(st.just(patterns), domains, _values | st.sampled_from(["main", "a@b"]))


def _check(case: tuple[list[str], str, str]) -> str:
    patterns, domain, realm = case
    admitted = [pattern for pattern in patterns if host_problem(pattern) is None]
    if not admitted:
        return "no pattern that a file may have"
    values = {"domain": tuple(admitted), "realm": ("*", "*@*")}
    definition = replace(_DEFINITION, tenant_values=values)
    try:
        url = bind(definition, {"domain": domain, "realm": realm}).token_endpoint
    except TenantValueError as error:
        return f"{error.name} refused"
    parts = urlsplit(url)
    assert parts.netloc == parse_url(url).netloc == domain, "two readers, two hosts"
    assert any(_is_under(domain, pattern) for pattern in admitted), "another domain"
    assert (parts.query, parts.fragment, parts.path.count("/")) == ("", "", 2), "another place"
    recorded = ProviderSecret("id", Secret("s"), recorded_hosts(definition))
    assert is_allowed(recorded, domain), "what was recorded is not where it goes"
    return "bound"


def _is_under(domain: str, pattern: str) -> bool:
    """Whether *domain* has the end that *pattern* writes out."""
    fixed = pattern.rpartition("*")[2].partition(".")[2] if "*" in pattern else pattern
    return domain == fixed or domain.endswith(f".{fixed}")


TARGETS = (
    FuzzTarget(
        name="tenant-values",
        promise="any value leads to a host under the end that a pattern writes out, or is refused",
        inputs=st.lists(_patterns, max_size=3).flatmap(_cases),
        check=_check,
    ),
)
