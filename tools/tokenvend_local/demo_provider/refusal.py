"""The error for a request that the provider refuses."""


class RefusedError(Exception):
    """A request that gets no token: `code` is RFC 6749 §5.2's or RFC 8707 §2's."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.status = status
