"""Lambda's context object, as far as it is used."""

from typing import Protocol


class Context(Protocol):
    """The parts of Lambda's context object that are used."""

    aws_request_id: str
    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends this invocation."""
