"""A secret text that cannot be printed by accident."""

import hashlib
from typing import Any, NoReturn


class Secret:
    """A text that shows itself only through `reveal`.

    >>> Secret("tv_Jk2b")
    Secret(***)
    >>> str(Secret("tv_Jk2b")), f"{Secret('tv_Jk2b')}"
    ('Secret(***)', 'Secret(***)')
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    @property
    def sha256(self) -> str:
        """The SHA-256 of its UTF-8 bytes in hexadecimal: its name in logs."""
        return hashlib.sha256(self._value.encode("utf-8", "surrogatepass")).hexdigest()

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Secret":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")
