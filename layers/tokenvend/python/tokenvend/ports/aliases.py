"""The aliases through which direct callers invoke the service."""

from __future__ import annotations

from typing import Protocol


class CallerAliases(Protocol):
    """Direct callers' aliases, and the version that each points at."""

    def behind(self) -> list[str]:
        """The aliases that do not point at the version of `live`, sorted by name.

        Raises:
            StoreAwayError: Lambda does not answer.
        """
