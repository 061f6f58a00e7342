"""Port for the Lambda aliases through which direct callers invoke the service."""

from __future__ import annotations

from typing import Protocol


class CallerAliases(Protocol):
    """Reads direct callers' aliases, and the version to which each points."""

    def behind(self) -> list[str]:
        """Return the aliases that do not point to the version of the alias `live`, sorted by name.

        Raises:
            StoreAwayError: Lambda does not answer.
        """
