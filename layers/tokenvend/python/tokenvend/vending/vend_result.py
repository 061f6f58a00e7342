"""The result of one vend."""

from dataclasses import dataclass

from tokenvend.domain.answer import VendAnswer
from tokenvend.domain.decision import Decision
from tokenvend.domain.errors import TokenVendError


@dataclass(frozen=True, slots=True)
class VendResult:
    """An answer, and what its audit line says.

    `failed` is a failed try to replace the token, which is still valid.
    """

    answer: VendAnswer
    decision: Decision
    failed: TokenVendError | None = None
