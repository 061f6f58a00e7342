"""Checks of `api_key`: what may stand in its headers, its query and its user name."""

from collections.abc import Iterator, Mapping
from typing import cast

from tokenvend.domain.oauth.request_description import names_in
from tokenvend_cli.configuration.providers import Provider
from tokenvend_cli.configuration.request_rules import header_problems, text_problems
from tokenvend_cli.problems import Problem

#: Fixed passwords that APIs expect where the user name is the key. None is a secret.
_STAND_INS = frozenset({"", "x", "X", "api", "api_token", "none", "pass", "token", "unused"})


def static_problems(place: str, provider: Provider) -> Iterator[Problem]:
    """What is wrong with the `api_key` of *provider*, which stands at *place*."""
    described = provider.api_key_parts
    if not described:
        return
    parts = cast("Mapping[str, Mapping[str, str]]", described)
    headers, query = parts.get("headers", {}), parts.get("query", {})
    for name, text in headers.items():
        yield from text_problems(f"{place}.headers.{name}", name, text)
        yield from header_problems(f"{place}.headers.{name}", name, text)
    for name, text in query.items():
        yield from text_problems(f"{place}.query.{name}", name, text)
    if len({name.lower() for name in headers}) != len(headers):
        yield Problem(f"{place}.headers", "one header stands here twice")
    yield from _basic_problems(f"{place}.basic", parts.get("basic", {}))
    texts = [*headers.values(), *query.values(), *_basic_texts(parts)]
    if not any(names_in(text) for text in texts):
        yield Problem(place, "names nothing of the secret, such as {secret.api_key}")


def _basic_problems(place: str, basic: Mapping[str, str]) -> Iterator[Problem]:
    for name, text in basic.items():
        if name != "password" or text not in _STAND_INS:
            yield from text_problems(f"{place}.{name}", name, text)
    if ":" in basic.get("username", ""):
        yield Problem(f"{place}.username", "a colon ends the user name in HTTP Basic")


def _basic_texts(parts: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    if (basic := parts.get("basic")) is not None:
        yield basic.get("username", "{secret.username}")
        yield basic.get("password", "{secret.password}")
