"""Describe a provider's token answer: the place of each value, and what it means.

A description is data: paths of names and indexes, units and lists of values. The registry has it
as a JSON object, which is parsed when an answer has come.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.response_body import parse_form, parse_json, parse_text

#: A path: names, or indexes of lists, from the outermost object inwards.
type Path = tuple[str, ...]

#: A path as text: `data.token` or `items.0.token`.
PATH = re.compile(r"[A-Za-z0-9_@:#/-]{1,64}(?:\.[A-Za-z0-9_@:#/-]{1,64}){0,7}")
_FORM = "application/x-www-form-urlencoded"
_INDEX = re.compile(r"[0-9]{1,4}")
#: Values in place of an error code that mean that there is no error.
_NOTHING = (None, False, 0, "", "0")


class LifetimeUnit(StrEnum):
    """The unit of a lifetime: of a length of time, or of the instant at which it ends."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    MILLISECONDS = "milliseconds"
    RFC3339 = "rfc3339"
    EPOCH_SECONDS = "epoch_seconds"
    EPOCH_MILLISECONDS = "epoch_milliseconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """A description; its defaults are those of RFC 6749 §5.1.

    `token_types` are values of `token_type` that count as Bearer. `error` is the path of an error
    code: the answer is an error if the value there is not null, false, 0, `"0"` or an empty text,
    list or object. `success` is the path at which one of `success_values` must be. `refresh_token`
    is `None` if it is `refresh_token` beside the access token. `refresh_token_lifetime` is the path
    of the refresh token's own lifetime. `plain_text`: the whole body is the token.
    """

    token: Path = ("access_token",)
    token_type: Path = ("token_type",)
    token_types: frozenset[str] = frozenset()
    lifetime: Path = ("expires_in",)
    lifetime_unit: LifetimeUnit = LifetimeUnit.SECONDS
    scope: Path = ("scope",)
    error: Path = ("error",)
    success: Path | None = None
    success_values: frozenset[str] = frozenset({"true"})
    refresh_token: Path | None = None
    refresh_token_lifetime: Path | None = None
    refresh_token_lifetime_unit: LifetimeUnit = LifetimeUnit.SECONDS
    plain_text: bool = False


#: The fields of a description that are paths.
PATHS = (
    *("token", "token_type", "lifetime", "scope", "error", "success"),
    *("refresh_token", "refresh_token_lifetime"),
)
_OF_TOKENS = frozenset({"token", "refresh_token"})
#: What the standards call a token, wherever it is in an answer.
_TOKEN_NAMES = frozenset({"access_token", "refresh_token", "id_token"})
_UNITS = ("lifetime_unit", "refresh_token_lifetime_unit")
_STANDARD = TokenAnswer()


def parse_token_answer(document: Mapping[str, object]) -> TokenAnswer:
    """Parse *document* as a description; whatever it leaves out is as in RFC 6749.

    Raises:
        ValueError: it is not a description, or would show a token.
    """
    known: dict[str, Any] = {
        name: parse_path(document[name]) for name in PATHS if document.get(name) is not None
    }
    if shown := field_that_shows_a_token(known):
        raise ValueError(f"{shown} leads to a token")
    for name in ("token_types", "success_values"):
        if (values := document.get(name)) is not None:
            if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
                raise ValueError(f"{name} is not a list of texts")
            known[name] = frozenset(each.lower() for each in values)
    for name in _UNITS:
        if (unit := document.get(name)) is not None:
            known[name] = LifetimeUnit(str(unit))
    if (plain_text := document.get("plain_text")) is not None:
        if not isinstance(plain_text, bool):
            raise ValueError("plain_text is neither true nor false")
        known["plain_text"] = plain_text
    return TokenAnswer(**known)


def field_that_shows_a_token(paths: Mapping[str, Path]) -> str | None:
    """Return the field whose path leads to a token although its value may be shown or logged.

    An error's code and scopes are shown, so a token in their place would be too.
    """
    access = paths.get("token", _STANDARD.token)
    refresh = paths.get("refresh_token", (*access[:-1], "refresh_token"))
    tokens = [_plain(access), _plain(refresh)]
    read = {name: getattr(_STANDARD, name) for name in ("token_type", "scope")} | dict(paths)
    others = [(name, path) for name, path in read.items() if name not in _OF_TOKENS]
    # RFC 6749's error is read too, whatever is described.
    for name, each in [("error", _STANDARD.error), *others]:
        if _leads_to_one_of(tokens, each):
            return name
    return None


def leads_to_a_token(described: TokenAnswer, path: Path) -> bool:
    """Whether *path* leads to a token of an answer that is *described*."""
    refresh = described.refresh_token or (*described.token[:-1], "refresh_token")
    return _leads_to_one_of([_plain(described.token), _plain(refresh)], path)


def _leads_to_one_of(tokens: list[Path], path: Path) -> bool:
    plain = _plain(path)
    return plain[-1] in _TOKEN_NAMES or any(token[: len(plain)] == plain for token in tokens)


def _plain(path: Path) -> Path:
    """Return *path* with each index in its shortest form: `0` and `00` are the same place."""
    return tuple(str(int(name)) if _INDEX.fullmatch(name) else name for name in path)


def parse_path(text: object) -> Path:
    """Split *text* at its dots into a path.

    Raises:
        ValueError: *text* is not a path.
    """
    if not isinstance(text, str) or PATH.fullmatch(text) is None:
        raise ValueError("not a path")
    return tuple(text.split("."))


def value_at(document: object, path: Path) -> object:
    """Return the value at *path*; `None` if there is none, or it is null."""
    for name in path:
        if isinstance(document, dict):
            document = document.get(name)
        elif isinstance(document, list) and _INDEX.fullmatch(name):
            document = document[int(name)] if int(name) < len(document) else None
        else:
            return None
    return document


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """An answer, and the description by which to read it. It may hold a token: never log it."""

    described: TokenAnswer
    document: object = field(repr=False)

    @property
    def is_readable(self) -> bool:
        """Whether the answer is an object or a list."""
        return isinstance(self.document, dict | list)

    @property
    def token(self) -> object:
        """The value at the token's path; `None` if there is none."""
        return self.at(self.described.token)

    @property
    def beside_token(self) -> dict[str, object]:
        """The object that the token is in; if there is none, the outermost one."""
        for holder in (value_at(self.document, self.described.token[:-1]), self.document):
            if isinstance(holder, dict):
                return holder
        return {}

    @property
    def error(self) -> object:
        """The error code, at the described path or at RFC 6749's; `None` if there is none."""
        for path in dict.fromkeys((self.described.error, _STANDARD.error)):
            found = self.at(path)
            if found not in _NOTHING and found not in ([], {}):
                return found
        return None

    @property
    def lacks_success(self) -> bool:
        """Whether the description has a path for success, and no success value is there."""
        if self.described.success is None:
            return False
        return _as_text(self.at(self.described.success)) not in self.described.success_values

    def at(self, path: Path) -> object:
        """See `value_at`."""
        return value_at(self.document, path)


def read_answer(body: bytes, content_type: str, definition: CredentialDefinition) -> ReadAnswer:
    """Parse *body* as JSON, or as a form if *content_type* says so, for reading its values.

    Raises:
        CredentialNotReadyError: this version cannot parse the definition's description.
    """
    described = answer_description(definition)
    document = parse_json(body)
    if described.plain_text and not isinstance(document, dict | list):
        # An answer that is JSON is an error's, or none that was described.
        text = parse_text(body)
        answer = None if text is None else {_STANDARD.token[0]: text}
        return ReadAnswer(replace(described, token=_STANDARD.token), answer)
    if document is None and content_type.partition(";")[0].strip().lower() == _FORM:
        document = parse_form(body)
    return ReadAnswer(described, document)


def answer_description(definition: CredentialDefinition) -> TokenAnswer:
    """Return the description by which the answers of *definition*'s provider are read.

    Raises:
        CredentialNotReadyError: this version cannot parse it, or it would show a token.
    """
    if not definition.token_answer:
        return _STANDARD
    try:
        return parse_token_answer(definition.token_answer)
    except ValueError:
        raise CredentialNotReadyError(
            "The definition's token_answer cannot be read; apply the file again.",
            rule="definition.token_answer",
        ) from None


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).lower() if isinstance(value, str | int) else ""
