"""A secret text that cannot be printed by accident.

pydantic has such a type, but a request answered from memory must not pay for importing
pydantic (115 ms), so this is our own: see docs/adr/0004.
"""

import hashlib
import hmac
from typing import NoReturn


class Secret:
    """A text that shows itself only through `reveal`.

    `str`, `repr`, format strings, pickling and JSON give no way to its value.
    Two secrets are compared in constant time.
    """

    __slots__ = ("_sha256", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._sha256: str | None = None

    def reveal(self) -> str:
        """The value itself: the one exit, so that a search for it finds every use."""
        return self._value

    @property
    def sha256(self) -> str:
        """The SHA-256 of the value's UTF-8 bytes, in hexadecimal: the name of a token in logs."""
        if self._sha256 is None:
            self._sha256 = hashlib.sha256(_bytes(self._value)).hexdigest()
        return self._sha256

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")


def _bytes(text: str) -> bytes:
    """UTF-8; half a character, which JSON can bring and UTF-8 does not have, counts as itself."""
    return text.encode("utf-8", "surrogatepass")
