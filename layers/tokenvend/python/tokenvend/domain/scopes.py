"""Scopes: a set, written as one text (RFC 6749 §3.3)."""

from collections.abc import Iterable

from tokenvend.domain.names import SCOPE

type Scopes = frozenset[str]

NO_SCOPES: Scopes = frozenset()


def parse_scope(text: str, *, separator: str = " ") -> Scopes:
    """The set of scopes that *text* lists.

    *separator* is the provider's: RFC 6749 says a space, some send commas.
    Blank entries are dropped, order and repetition do not matter.

    Raises:
        ValueError: a scope has a character that RFC 6749 §3.3 does not allow.
    """
    scopes = frozenset(part for chunk in text.split(separator) if (part := chunk.strip()))
    for scope in scopes:
        if SCOPE.fullmatch(scope) is None:
            raise ValueError("a scope has a character that RFC 6749 section 3.3 does not allow")
    return scopes


def format_scope(scopes: Iterable[str], *, separator: str = " ") -> str:
    """The canonical text of *scopes*: sorted, so that one set has one text."""
    return separator.join(sorted(scopes))
