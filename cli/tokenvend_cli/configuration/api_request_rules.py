"""Checks of `api_key` and `api_request`: what may stand in headers, query and user name."""

import json
from collections.abc import Iterator, Mapping
from typing import cast

from tokenvend.domain.api_request_description import NEVER_TO_CALLERS, texts_at_any_depth
from tokenvend.domain.oauth.answer_values import is_withheld
from tokenvend.domain.oauth.templates import (
    OF_ANSWER,
    PATH_PREFIX,
    TOKEN,
    answer_values_in,
    count_of_token,
    names_in,
)
from tokenvend.domain.oauth.templates import PLACEHOLDER as SECRET_FIELD
from tokenvend.domain.tenant_values import PLACEHOLDER
from tokenvend_cli.configuration.providers import Provider
from tokenvend_cli.configuration.request_rules import (
    header_problems,
    text_problems,
    value_problems,
)
from tokenvend_cli.configuration.wording import place_of
from tokenvend_cli.problems import Problem

#: Fixed passwords that APIs expect where the user name is the key. None is a secret.
_STAND_INS = frozenset({"", "x", "X", "api", "api_token", "none", "pass", "token", "unused"})
#: Of the 400 KB of an item, and of what each environment reads at a miss.
_LARGEST_BYTES = 4096

type _Parts = Mapping[str, Mapping[str, str]]


def api_key_problems(place: str, provider: Provider) -> Iterator[Problem]:
    """Return the problems of the `api_key` of *provider*, which is at *place* in the file."""
    if not provider.api_key:
        return
    yield from _problems(place, provider.api_key)
    if "header_name" not in provider.api_key and not any(map(names_in, _texts(provider.api_key))):
        yield Problem(place, "names nothing of the secret, such as {secret.api_key}")
    if any(map(count_of_token, _texts(provider.api_key))):
        yield Problem(place, "an API key has no {token}: name a field such as {secret.api_key}")
    if any(map(answer_values_in, _texts(provider.api_key))):
        yield Problem(place, "an API key comes with no token answer: name a field of the secret")


def api_request_problems(place: str, provider: Provider) -> Iterator[Problem]:
    """Return the problems of the `api_request` of *provider*, which is at *place* in the file."""
    described = provider.api_request
    if not described:
        return
    yield from _problems(place, described)
    texts = _texts(described)
    if "header_name" not in described and sum(map(count_of_token, texts)) != 1:
        yield Problem(place, "the token stands in one place: write {token} there, once")
    for name in sorted(NEVER_TO_CALLERS.intersection(*[_names(texts)])):
        yield Problem(
            place,
            f"callers would get the {name}, and with it tokens that no grant gives them: if the API"
            " needs such a value, put it into the secret under another name, such as api_key",
        )
    if provider.account_endpoint and {"path_prefix", "body"} & described.keys():
        yield Problem(
            f"{place.rpartition('.')[0]}.account_endpoint",
            "is a GET without api_request's path_prefix and body: drop it",
        )
    yield from _answer_problems(place, provider, texts)


def _answer_problems(place: str, provider: Provider, texts: list[str]) -> Iterator[Problem]:
    """What is wrong with the values of the token answer that *texts* name."""
    named = sorted({name for text in texts for name in answer_values_in(text)})
    if named and provider.signed_jwt:
        yield Problem(place, "a token that tokenvend signs comes with no token answer")
    elif named and provider.token_answer.get("plain_text"):
        yield Problem(place, "an answer in plain_text has the token alone: drop {answer.…}")
    for name in named:
        if is_withheld(provider.token_answer, name):
            yield Problem(
                place,
                f"callers would get {name}, and with it tokens that no grant gives them: drop it",
            )


def _problems(place: str, described: Mapping[str, object]) -> Iterator[Problem]:
    parts = cast("_Parts", described)
    headers, query = parts.get("headers", {}), parts.get("query", {})
    for name, text in _headers_of(described).items():
        at = f"{place}.headers.{name}" if name in headers else f"{place}.header_name"
        yield from header_problems(at, name, text)
    for part, texts in (("headers", headers), ("query", query)):
        for name, text in texts.items():
            yield from _text_problems(f"{place}.{part}.{name}", name, text)
    if len({name.lower() for name in headers}) != len(headers):
        yield Problem(f"{place}.headers", "one header stands here twice")
    yield from _basic_problems(f"{place}.basic", parts.get("basic", {}))
    yield from _path_problems(f"{place}.path_prefix", str(described.get("path_prefix", "")))
    yield from _body_problems(f"{place}.body", "body", described.get("body", {}))
    if (size := len(json.dumps(described))) > _LARGEST_BYTES:
        yield Problem(place, f"has {size} bytes as JSON; {_LARGEST_BYTES} are the most")


def _headers_of(described: Mapping[str, object]) -> dict[str, str]:
    headers = dict(cast("_Parts", described).get("headers", {}))
    if "header_name" in described:
        headers[str(described["header_name"])] = str(described.get("header_prefix", ""))
    return headers


def _text_problems(place: str, name: str, text: str) -> Iterator[Problem]:
    # Other placeholders become a space, so that none is left within another. How often the token
    # stands there is checked elsewhere, and so
    # are the names of customers' own values. What is left may be a secret.
    filled = PLACEHOLDER.sub(" ", text)
    if not count_of_token(filled) and not answer_values_in(filled):
        yield from text_problems(place, name, filled)
    else:
        yield from text_problems(place, "token", OF_ANSWER.sub("", filled.replace(TOKEN, "")))


def _basic_problems(place: str, basic: Mapping[str, str]) -> Iterator[Problem]:
    if "header" in basic:
        yield from header_problems(f"{place}.header", basic["header"], "")
    for name in ("username", "password"):
        text = basic.get(name, "")
        if name != "password" or text not in _STAND_INS:
            yield from _text_problems(f"{place}.{name}", name, text)
    if ":" in basic.get("username", ""):
        yield Problem(f"{place}.username", "a colon ends the user name in HTTP Basic")


def _path_problems(place: str, template: str) -> Iterator[Problem]:
    if not template:
        return
    filled = PLACEHOLDER.sub("x", template)
    if count_of_token(filled) or answer_values_in(filled):
        yield Problem(place, "a path has fields of the secret alone: put the rest elsewhere")
        return
    yield from text_problems(place, "path_prefix", filled)
    if PATH_PREFIX.fullmatch(SECRET_FIELD.sub("x", filled)) is None:
        yield Problem(
            place,
            "must be a path such as /bot{secret.api_key}: segments of letters, digits and"
            " . _ ~ : @ + = -, none of them `.` or `..`",
        )


def _body_problems(place: str, name: str, value: object) -> Iterator[Problem]:
    """What is wrong with the texts in *value*, at any depth, whose innermost key is *name*."""
    if isinstance(value, Mapping):
        for inner, each in value.items():
            yield from _body_problems(f"{place}.{place_of([inner])}", inner, each)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _body_problems(f"{place}[{index}]", name, each)
    elif isinstance(value, str):
        yield from _text_problems(place, name, value)
    else:
        yield from value_problems(place, name, value)


def _names(texts: list[str]) -> frozenset[str]:
    return frozenset(name for text in texts for name in names_in(text))


def _texts(described: Mapping[str, object]) -> list[str]:
    parts = cast("_Parts", described)
    texts = [*parts.get("headers", {}).values(), *parts.get("query", {}).values()]
    if (basic := parts.get("basic")) is not None:
        texts.append(basic.get("username", "{secret.username}"))
        texts.append(basic.get("password", "{secret.password}"))
    return [
        *texts,
        str(described.get("path_prefix", "")),
        *texts_at_any_depth(described.get("body", {})),
    ]
