"""Replace placeholders such as `{tenant.domain}` in a definition by a customer's own values.

`tokenvend.yaml` declares each value with patterns, of which one must match the whole value. `*`
matches letters, digits, `_` and `-`, within one label; everything else matches itself. So no value
can have a slash, a percent sign, a space or a brace. If a value is in a URL's host, the host must
also be a plain DNS name.

    *.provider.example   matches   acme.provider.example
                         but not   acme.eu.provider.example, acme-provider.example
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any
from urllib.parse import quote

from tokenvend.domain.credential_definition import Authorization, CredentialDefinition

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
PLACEHOLDER = re.compile(rf"\{{tenant\.({NAME.pattern})\}}")
#: The characters that a pattern may have beside `*`.
LITERAL = re.compile(r"[A-Za-z0-9._~@:+=-]*")
MOST_CHARACTERS = 253
#: In place of `*` in a secret's tag that records the hosts: a tag cannot contain `*`.
ANY_LABEL = "@any"
_ANYTHING = re.compile(r"[A-Za-z0-9_-]{1,63}")
_HOST_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LAST_LABEL = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")

#: The part of an endpoint's URL after the host: a port and a path, without a query.
_REST = re.compile(r"(?::[0-9]{1,5})?(?:/[^?#]*)?")

type Patterns = Mapping[str, Sequence[str]]


class TenantValueError(ValueError):
    """A value is missing, unknown, or does not fit. The text has its name, never the value."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} {reason}")
        self.name = name


def names_in(text: str) -> list[str]:
    """Return the names of the values whose placeholders are in *text*."""
    return PLACEHOLDER.findall(text)


def matches(pattern: str, value: str) -> bool:
    """Whether *pattern* matches the whole of *value*. Takes linear time."""
    if len(value) > MOST_CHARACTERS:
        return False
    ours, theirs = pattern.split("."), value.split(".")
    return len(ours) == len(theirs) and all(map(_label_matches, ours, theirs))


def _label_matches(pattern: str, label: str) -> bool:
    before, star, after = pattern.partition("*")
    if not star:
        return pattern == label
    # Empty if the text around the star overlaps, and nothing empty fits the star.
    between = label[len(before) : len(label) - len(after)]
    around = label.startswith(before) and label.endswith(after)
    return around and _ANYTHING.fullmatch(between) is not None


def checked_values(declared: Patterns, given: Mapping[str, object]) -> dict[str, str]:
    """Return the *given* values, if they are exactly those that are *declared*, and each matches.

    Raises:
        TenantValueError: one is missing, unknown, or does not fit its patterns.
    """
    for name in given.keys() - declared.keys():
        raise TenantValueError(name, "is no value that the file declares for a tenant")
    return {name: _checked(name, patterns, given.get(name)) for name, patterns in declared.items()}


def _checked(name: str, patterns: Sequence[str], value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TenantValueError(name, "is needed: it is a value of each tenant's own")
    if not any(matches(pattern, value) for pattern in patterns):
        raise TenantValueError(name, f"must look like {' or '.join(patterns)}, as the file has it")
    return value


def bind(definition: CredentialDefinition, given: Mapping[str, object]) -> CredentialDefinition:
    """Return *definition* with a tenant's values in place of its placeholders.

    A value in a URL's path is percent-encoded.

    Raises:
        TenantValueError: a value is missing, does not fit, or does not give a valid host.
    """
    declared = definition.tenant_values
    if not declared:
        return definition
    values = checked_values(declared, given)
    assertion, authorization = definition.assertion, definition.authorization
    return replace(
        definition,
        token_endpoint=_filled_url(definition.token_endpoint, declared, values),
        revocation_endpoint=_filled_if_any(definition.revocation_endpoint, declared, values),
        assertion=assertion and replace(assertion, audience=_filled(assertion.audience, values)),
        authorization=authorization and _bound_authorization(authorization, declared, values),
        token_request=_filled(definition.token_request, values),
        api_request=_filled(definition.api_request, values),
        tenant_values={},
    )


def _bound_authorization(
    authorization: Authorization, declared: Patterns, values: Mapping[str, str]
) -> Authorization:
    flow = authorization.flow
    refreshes_at = _filled_if_any(flow.refresh_endpoint, declared, values)
    return replace(
        authorization,
        flow=replace(flow, refresh_endpoint=refreshes_at),
        endpoint=_filled_url(authorization.endpoint, declared, values),
        account_endpoint=_filled_if_any(authorization.account_endpoint, declared, values),
        issuer=_filled(authorization.issuer, values),
        parameters=_filled(authorization.parameters, values),
    )


def _filled_if_any(url: str | None, declared: Patterns, values: Mapping[str, str]) -> str | None:
    return None if url is None else _filled_url(url, declared, values)


def _filled_url(template: str, declared: Patterns, values: Mapping[str, str]) -> str:
    if not names_in(template):
        return template
    scheme, host, rest = split_url(template)
    if named := names_in(host):
        patterns = host_patterns(template, declared)
        host = _filled(host, values)
        if not any(matches_host(pattern, host) for pattern in patterns):
            raise TenantValueError(named[0], "must make a host's name, in small letters")
    rest = PLACEHOLDER.sub(lambda match: quote(values[match[1]], safe=""), rest)
    if _REST.fullmatch(rest) is None or not {".", ".."}.isdisjoint(rest.split("/")):
        raise TenantValueError(names_in(template)[0], "cannot stand there in an endpoint")
    return f"{scheme}://{host}{rest}"


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    """Return *template* with its placeholders replaced, in texts at any depth.

    A brace in a value would have to be doubled, but no value can have one.
    """
    match template:
        case str():
            return PLACEHOLDER.sub(lambda match: values[match[1]], template)
        case Mapping():
            return {name: _filled(each, values) for name, each in template.items()}
        case list():
            return [_filled(each, values) for each in template]
        case _:
            return template


def split_url(url: str) -> tuple[str, str, str]:
    """Return the scheme of *url*, its host, and the rest, which begins with the port or path."""
    scheme, _, rest = url.partition("://")
    netloc = re.split(r"[/?#]", rest)[0]
    host = netloc if "{" not in netloc else netloc.partition(":")[0]
    return scheme, host, rest[len(host) :]


def host_patterns(url: str, declared: Patterns) -> list[str]:
    """Return patterns of the host of *url*: each combination of its values' patterns filled in."""
    _, host, _ = split_url(url)
    names = list(dict.fromkeys(names_in(host)))
    choices = product(*(declared[name] for name in names))
    return [_filled(host, dict(zip(names, each, strict=True))) for each in choices]


def matches_host(pattern: str, host: str) -> bool:
    """Whether *host* is a plain DNS name that *pattern* matches.

    `*` does not match an internationalised label (`xn--`), which may look like another name.
    """
    labels = host.split(".")
    plain = len(labels) > 1 and all(map(_HOST_LABEL.fullmatch, labels))
    if not plain or _LAST_LABEL.fullmatch(labels[-1]) is None or not matches(pattern, host):
        return False
    return all(
        ours == theirs or theirs[2:4] != "--"
        for ours, theirs in zip(pattern.split("."), labels, strict=True)
    )


def recorded_hosts(definition: CredentialDefinition) -> str:
    """Return the hosts to which a secret for all connections may be sent, as its tag records them.

    They are the patterns of the token endpoint's host and its port, separated by spaces.
    """
    port = split_url(definition.token_endpoint)[2].partition("/")[0]
    patterns = host_patterns(definition.token_endpoint, definition.tenant_values)
    return " ".join(sorted(f"{each.lower()}{port}" for each in patterns)).replace("*", ANY_LABEL)


def is_recorded(recorded: str, host: str) -> bool:
    """Whether *host*, with its port, matches one of the patterns in a tag's text *recorded*."""
    name, _, port = host.partition(":")
    return any(
        theirs == port and matches_host(ours, name) for ours, theirs in _recorded_patterns(recorded)
    )


def _recorded_patterns(recorded: str) -> Iterator[tuple[str, str]]:
    for each in recorded.replace(ANY_LABEL, "*").split():
        name, _, port = each.partition(":")
        yield name, port


def unfilled(definition: CredentialDefinition) -> CredentialDefinition:
    """Return *definition* with its placeholders as plain text, for display only."""

    def shown(template: Any) -> Any:
        match template:
            case str():
                return PLACEHOLDER.sub(r"{{tenant.\1}}", template)
            case Mapping():
                return {name: shown(each) for name, each in template.items()}
            case list():
                return [shown(each) for each in template]
            case _:
                return template

    return replace(
        definition,
        token_request=shown(definition.token_request),
        api_request=shown(definition.api_request),
        tenant_values={},
    )
