"""Tell a registry that is new from one that was lost.

`tokenvend apply` refuses to write an empty registry, because blocks and client secrets are in no
file: a lost block would be lifted in silence. After a first deployment there is nothing to lose,
so the registry gets its first revision here, unless a former registry of this deployment is still
there.
"""

from typing import Any

from botocore.exceptions import ClientError

from tokenvend.adapters.dynamodb.registry_items import META_KEY
from tokenvend_cli.deployment.registry_table import RegistryTable

#: CloudFormation puts the logical id into a table's name.
_LOGICAL_ID = "RegistryTable"


def is_unwritten(dynamodb: Any, table: str) -> bool:
    """Whether nobody has written the registry yet, or it was emptied."""
    return RegistryTable(dynamodb, table).get(*META_KEY) is None


def former_registries(dynamodb: Any, table: str, deployment: str) -> list[str]:
    """The names of other tables that hold a registry of *deployment*."""
    pages = dynamodb.get_paginator("list_tables").paginate()
    others = (
        name
        for page in pages
        for name in page["TableNames"]
        if _LOGICAL_ID in name and name != table
    )
    return [name for name in others if _is_of(dynamodb, name, deployment)]


def _is_of(dynamodb: Any, table: str, deployment: str) -> bool:
    try:
        meta = RegistryTable(dynamodb, table).get(*META_KEY)
    except ClientError:
        # Somebody else's table of that name: of another shape, or not for us to read.
        return False
    return meta is not None and meta.document.get("deployment") in {deployment, None}


def mark_as_new(dynamodb: Any, table: str, deployment: str) -> None:
    """Write the first revision of an empty registry.

    Raises:
        tokenvend_cli.deployment.registry_table.ChangedMeanwhileError: somebody wrote it meanwhile.
    """
    RegistryTable(dynamodb, table, deployment=deployment).begin()
