"""The errors that end a command, explained for the person who typed it."""

from collections.abc import Sequence
from dataclasses import dataclass


class CommandError(Exception):
    """The command could not do what it was asked. The text says why and what to do."""


class UsageError(CommandError):
    """The command's arguments or its input are wrong."""


class IssuerAwayError(CommandError):
    """An issuer does not answer now, so its metadata is not known."""


class NoMetadataError(CommandError):
    """An issuer's server answers, but has no metadata document there."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to fix in the file: where it is, and what is wrong.

    `place` is a path in the file, such as `callers.billing.identities[0].iam`, empty for the
    file as a whole. `line` counts from 1. Neither text holds a value that may be a secret.
    """

    place: str
    what: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.what}" if self.place else self.what


class ConfigurationError(CommandError):
    """The file of that name is wrong: everything that was found, not only the first."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.file = file
        self.problems = tuple(problems)
