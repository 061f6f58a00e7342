"""What one request got."""

from dataclasses import dataclass

from tokenvend.domain.answer import VendAnswer
from tokenvend.domain.decision import Decision
from tokenvend.domain.errors import TokenVendError


@dataclass(frozen=True, slots=True)
class VendResult:
    """An answer, and what the audit line says about it.

    `failed` is an attempt to replace the token that failed while this one is still valid.
    """

    answer: VendAnswer
    decision: Decision
    failed: TokenVendError | None = None
