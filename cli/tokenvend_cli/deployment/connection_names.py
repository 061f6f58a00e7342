"""Parse the name of a connection on the command line, and look whether it exists."""

import re

from botocore.exceptions import ClientError

from tokenvend.adapters.dynamodb.connection_items import connection_pk
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.names import NAME, PICKED_CONNECTION, TENANT
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.problems import UsageError

_PARTS = 3
#: A name that a caller chose, or one that a user's token picked.
_ANY = re.compile(f"(?:{TENANT.pattern})|(?:{PICKED_CONNECTION.pattern})")


def parse_connection(text: str) -> ConnectionKey:
    """Parse `CREDENTIAL/OWNER/NAME`.

    Raises:
        UsageError: the text has another form.
    """
    parts = text.split("/")
    well_formed = len(parts) == _PARTS and all(
        form.fullmatch(part) for form, part in zip((NAME, NAME, _ANY), parts, strict=True)
    )
    if not well_formed:
        raise UsageError(
            "the name of a connection is CREDENTIAL/OWNER/NAME, where OWNER is a caller"
        )
    credential, owner, name = parts
    return ConnectionKey(credential=credential, owner=owner, name=name)


def is_connection(deployment: Deployment, key: ConnectionKey) -> bool:
    """Whether the connection exists; true too if the operator may not read connections."""
    client = deployment.client("dynamodb")
    try:
        found = client.get_item(
            TableName=deployment.output("ConnectionsTableName"),
            Key={"pk": {"S": connection_pk(key)}},
            ProjectionExpression="pk",
        )
    except ClientError:
        # An operator who may write the registry need not be allowed to read connections.
        return True
    return "Item" in found
