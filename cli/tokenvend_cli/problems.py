"""What stops a command, in words for the person who typed it."""


class CommandError(Exception):
    """The command could not do what it was asked. The text says why and what to do."""


class ConfigurationError(CommandError):
    """The file is wrong. `problems` holds one line for each thing to mend."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
