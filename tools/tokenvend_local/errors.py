"""The error of a local stack that cannot be set up."""

from pathlib import Path

_TAIL_LINES = 12


class LocalStackError(Exception):
    """The local stack could not be set up. The text is for a person: what failed, what to do.

    `log` is the file that says more, if there is one.
    """

    def __init__(self, message: str, *, log: Path | None = None) -> None:
        super().__init__(message)
        self.log = log

    def __str__(self) -> str:
        """The message, then the end of the log and where the whole of it is."""
        message = super().__str__()
        if self.log is None or not self.log.is_file():
            return message
        lines = self.log.read_text("utf-8", errors="replace").rstrip().splitlines()
        tail = "\n".join(f"  | {line}" for line in lines[-_TAIL_LINES:])
        return f"{message}\n{tail}\nThe whole log: {self.log}"
