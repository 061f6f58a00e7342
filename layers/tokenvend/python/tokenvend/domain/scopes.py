"""Scopes: a set, written as one text (RFC 6749 §3.3)."""

from collections.abc import Iterable

from tokenvend.domain.names import SCOPE

type Scopes = frozenset[str]

NO_SCOPES: Scopes = frozenset()


def parse_scope(text: str, *, separator: str = " ") -> Scopes:
    """Return the set of scopes that *text* lists.

    *separator* is a space by RFC 6749 §3.3; some providers use a comma. Empty entries are dropped;
    order and repetition do not matter.

    Raises:
        ValueError: a scope has a character that RFC 6749 §3.3 does not allow.
    """
    scopes = frozenset(part for chunk in text.split(separator) if (part := chunk.strip()))
    for scope in scopes:
        if SCOPE.fullmatch(scope) is None:
            raise ValueError("a scope has a character that RFC 6749 section 3.3 does not allow")
    return scopes


def format_scope(scopes: Iterable[str], *, separator: str = " ") -> str:
    """Return *scopes* as one text: sorted, so that the same set always has the same text."""
    return separator.join(sorted(scopes))
