"""A secret text that cannot be printed by accident.

pydantic has such a type, but importing pydantic takes 115 ms, which would slow a request that is
answered from memory. So this is our own: see docs/adr/0004.
"""

import hashlib
import hmac
from typing import NoReturn


class Secret:
    """A text whose value only `reveal` returns.

    `str`, `repr` and format strings show `Secret(***)`; pickling and JSON raise an error. Two
    secrets are compared in constant time.
    """

    __slots__ = ("_sha256", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._sha256: str | None = None

    def reveal(self) -> str:
        """Return the value: the only way to it, so that a search for `reveal` finds every use."""
        return self._value

    @property
    def sha256(self) -> str:
        """The SHA-256 of the value's UTF-8 bytes, in hexadecimal. Logs name a token by it."""
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
    """Encode *text* as UTF-8; a lone surrogate, which JSON can contain, is encoded as it is."""
    return text.encode("utf-8", "surrogatepass")
