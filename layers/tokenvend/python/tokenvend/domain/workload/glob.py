"""Match subjects and claims against patterns in which `*` stays within one segment.

Segments end at `/` and at `:`. `*` matches one character or more of a segment; everything else
matches itself. Patterns are not regular expressions, which can match more than they seem to.

    repo:acme/app:ref:refs/heads/*   matches   repo:acme/app:ref:refs/heads/main
                                     but not   repo:acme/app:ref:refs/heads/team/main
"""

import re
from collections.abc import Iterator
from enum import Enum, auto

#: In a group, so that `split` returns the separators and `/` never matches `:`.
_SEPARATOR = re.compile(r"([/:])")
_ANYTHING = "*"


def is_glob(pattern: str) -> bool:
    """Whether *pattern* has a `*`, so that it matches more than one text."""
    return _ANYTHING in pattern


def has_exact_segment(pattern: str) -> bool:
    """Whether some segment of *pattern* has no `*` and is not empty."""
    return any(part and not is_glob(part) for part in _SEPARATOR.split(pattern)[::2])


def matches(pattern: str, text: str) -> bool:
    """Whether *pattern* matches the whole of *text*. Takes linear time."""
    if not is_glob(pattern):
        return pattern == text
    ours, theirs = _SEPARATOR.split(pattern), _SEPARATOR.split(text)
    return len(ours) == len(theirs) and all(map(_segment_matches, ours, theirs))


def may_both_match(first: str, second: str) -> bool:
    """Whether some text is matched by both patterns."""
    if not is_glob(first):
        return matches(second, first)
    if not is_glob(second):
        return matches(first, second)
    ours, theirs = _SEPARATOR.split(first), _SEPARATOR.split(second)
    return len(ours) == len(theirs) and all(map(_segments_meet, ours, theirs))


def _segment_matches(pattern: str, text: str) -> bool:
    if not is_glob(pattern):
        return pattern == text
    first, *middle, last = pattern.split(_ANYTHING)
    if not text.startswith(first):
        return False
    at = len(first)
    for literal in middle:
        # The leftmost match leaves the most text to the rest of the pattern.
        found = text.find(literal, at + 1)
        if found < 0:
            return False
        at = found + len(literal)
    return len(text) - len(last) > at and text.endswith(last)


class _Any(Enum):
    """The two steps of a `*`: exactly one character, then any number of further ones."""

    ONE = auto()
    MORE = auto()


def _steps(segment: str) -> list[str | _Any]:
    steps: list[str | _Any] = []
    for character in segment:
        steps += [_Any.ONE, _Any.MORE] if character == _ANYTHING else [character]
    return steps


def _segments_meet(first: str, second: str) -> bool:
    """Whether some text matches both segments.

    This searches all pairs of positions, one in each segment, that a common text can lead to.
    """
    ours, theirs = _steps(first), _steps(second)
    todo, seen = [(0, 0)], set[tuple[int, int]]()
    while todo:
        at = todo.pop()
        if at == (len(ours), len(theirs)):
            return True
        if at not in seen:
            seen.add(at)
            todo.extend(_next_places(ours, theirs, *at))
    return False


def _next_places(
    ours: list[str | _Any], theirs: list[str | _Any], i: int, j: int
) -> Iterator[tuple[int, int]]:
    our = ours[i] if i < len(ours) else None
    their = theirs[j] if j < len(theirs) else None
    if our is _Any.MORE:
        yield i + 1, j
    if their is _Any.MORE:
        yield i, j + 1
    if our is None or their is None:
        return
    if our == their or isinstance(our, _Any) or isinstance(their, _Any):
        yield i + (our is not _Any.MORE), j + (their is not _Any.MORE)
