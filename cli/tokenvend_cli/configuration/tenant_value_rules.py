"""Checks of `tenant_values`: where they may stand, and that no pattern admits too much."""

import json
from collections.abc import Iterator, Mapping

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.oauth.jwt_bearer import templates_in
from tokenvend.domain.tenant_values import host_patterns, names_in, recorded_hosts, split_url
from tokenvend_cli.configuration.host_rules import host_problem
from tokenvend_cli.configuration.providers import REFRESH_ENDPOINT, Provider, text_at
from tokenvend_cli.configuration.wording import place_of
from tokenvend_cli.problems import Problem

_ENDPOINTS = (
    *("token_endpoint", "authorization_endpoint", "revocation_endpoint", "account_endpoint"),
    REFRESH_ENDPOINT,
)
_TEXTS = (
    *_ENDPOINTS,
    "issuer",
    "authorization_parameters",
    "assertion_audience",
    "token_request",
    "api_request",
)
#: Fields that a secret or a request has for another purpose.
_TAKEN = frozenset(
    {
        *("client_id", "client_secret", "private_key", "certificate", "key_id", "api_key"),
        *("refresh_token", "username", "password"),
    }
)
MOST_VALUES, MOST_PATTERNS = 8, 50
#: Of the 400 KB of an item, and of what each environment reads at a miss.
_LARGEST_BYTES = 4096
#: Of the value of a tag in Secrets Manager.
_TAG_CHARACTERS = 256


def tenant_values_in(definition: CredentialDefinition) -> frozenset[str]:
    """Return the tenant values for which *definition* has placeholders."""
    assertion, authorization = definition.assertion, definition.authorization
    described: list[object] = [
        definition.token_endpoint,
        definition.revocation_endpoint,
        definition.token_request,
        definition.api_request,
        templates_in(definition.token_request.get("assertion")),
        assertion.audience if assertion else None,
    ]
    if authorization is not None:
        described += [
            authorization.endpoint,
            authorization.account_endpoint,
            authorization.parameters,
        ]
        described += [authorization.flow.refresh_endpoint, authorization.issuer]
    return frozenset(_names(described))


def tenant_value_problems(place: str, provider: Provider) -> Iterator[Problem]:
    """Return the problems of the `tenant_values` of *provider*, which is at *place* in the file."""
    declared = provider.tenant_values
    used: set[str] = set()
    for key in _TEXTS:
        for at, name in _named_at(f"{place}.{key}", text_at(provider, key)):
            used.add(name)
            if name not in declared:
                yield Problem(at, f"tenant_values does not say what {{tenant.{name}}} looks like")
    for key, what in {"api_key": "an API key", "signed_jwt": "a token that is signed"}.items():
        for at, name in _named_at(f"{place}.{key}", text_at(provider, key)):
            yield Problem(
                at,
                f"{what} has no {{tenant.{name}}}: write {{secret.{name}}}, a field of its secret",
            )
    wrong = list(_declared_problems(f"{place}.tenant_values", declared, used))
    yield from wrong
    if wrong or used - declared.keys():
        return
    for key in _ENDPOINTS:
        yield from _endpoint_problems(place, key, text_at(provider, key) or "", declared)
    yield from _recorded_problems(place, provider)


def _declared_problems(
    place: str, declared: Mapping[str, tuple[str, ...]], used: set[str]
) -> Iterator[Problem]:
    if len(declared) > MOST_VALUES:
        yield Problem(place, f"there are {len(declared)}; {MOST_VALUES} are the most")
    size = len(json.dumps({name: list(each) for name, each in declared.items()}))
    if size > _LARGEST_BYTES:
        yield Problem(place, f"has {size} bytes as JSON; {_LARGEST_BYTES} are the most")
    for name, patterns in declared.items():
        at = f"{place}.{name}"
        if name in _TAKEN:
            yield Problem(at, "is a field of a secret already: give it another name")
        if name not in used:
            yield Problem(at, f"stands nowhere: write {{tenant.{name}}} where it goes, or drop it")
        if not 0 < len(patterns) <= MOST_PATTERNS:
            yield Problem(at, f"needs a pattern, and {MOST_PATTERNS} are the most")
        for index, pattern in enumerate(patterns):
            if any(label.count("*") > 1 for label in pattern.split(".")):
                yield Problem(f"{at}[{index}]", "has more than one * between two dots")
            if not pattern.strip("."):
                yield Problem(f"{at}[{index}]", "is nothing but dots, which would lead upwards")


def _endpoint_problems(
    place: str, key: str, url: str, declared: Mapping[str, tuple[str, ...]]
) -> Iterator[Problem]:
    _, host, _ = split_url(url)
    named = list(dict.fromkeys(names_in(host)))
    if not named:
        return
    for pattern in host_patterns(url, declared):
        if why := host_problem(pattern):
            at = f"{place}.tenant_values.{named[0]}"
            yield Problem(at, f"{key} could be sent to {pattern}: {why}")
            return


def _recorded_problems(place: str, provider: Provider) -> Iterator[Problem]:
    if not names_in(split_url(provider.token_endpoint)[1]) or not provider.authorization_endpoint:
        return
    definition = CredentialDefinition(
        name="any",
        provider="any",
        token_endpoint=provider.token_endpoint,
        tenant_values=provider.tenant_values,
    )
    if (size := len(recorded_hosts(definition))) > _TAG_CHARACTERS:
        yield Problem(
            f"{place}.tenant_values",
            f"the hosts' patterns have {size} characters together; a secret's tag holds"
            f" {_TAG_CHARACTERS}",
        )


def _names(described: object) -> Iterator[str]:
    return (name for _, name in _named_at("", described))


def _named_at(place: str, described: object) -> Iterator[tuple[str, str]]:
    """Return each place in *described* that has a customer's own value, and the value's name."""
    match described:
        case str():
            for name in names_in(described):
                yield place, name
        case Mapping():
            for key, each in described.items():
                yield from _named_at(f"{place}.{place_of([key])}", each)
        case list() | tuple():
            for index, each in enumerate(described):
                yield from _named_at(f"{place}[{index}]", each)
