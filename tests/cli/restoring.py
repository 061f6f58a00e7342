"""Tables that were lost, and their backups."""

from tests.cli import aws
from tests.cli.conftest import make_table

BACKUP = "tokenvend-restored"


def back_up(table: str, *keys: str) -> None:
    """Copy *table* as it is now to a table of another name, as point-in-time recovery does."""
    make_table(BACKUP, *keys)
    for item in aws.client("dynamodb").scan(TableName=table)["Items"]:
        aws.client("dynamodb").put_item(TableName=BACKUP, Item=item)


def empty(table: str, *keys: str) -> None:
    """Lose *table*, and make it anew."""
    aws.client("dynamodb").delete_table(TableName=table)
    make_table(table, *keys)
