"""One table whose items are sealed, as one environment uses it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokenvend.adapters.encryption import EnvelopeCipher
from tokenvend.domain.untrusted import OnUntrusted
from tokenvend.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class SealedTable:
    """What a store on one table works with. *on_untrusted* is told of what somebody has altered."""

    client: "DynamoDBClient"
    cipher: EnvelopeCipher
    name: str
    clock: Clock
    on_untrusted: OnUntrusted
