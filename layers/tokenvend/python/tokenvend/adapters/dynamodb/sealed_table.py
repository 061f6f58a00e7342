"""A table with encrypted items, and what a store needs to use it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokenvend.adapters.encryption import EnvelopeCipher
from tokenvend.domain.untrusted import OnUntrusted
from tokenvend.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class SealedTable:
    """The client, cipher and clock of one table. `on_untrusted` is called for untrusted items."""

    client: "DynamoDBClient"
    cipher: EnvelopeCipher
    name: str
    clock: Clock
    on_untrusted: OnUntrusted
