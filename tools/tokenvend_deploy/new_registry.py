"""Distinguish a new registry from one that was lost.

`tokenvend apply` refuses to write an empty registry, because blocks and client secrets are in no
file: a lost block would be lifted silently. After a first deployment there is nothing to lose, so
the registry gets its first revision here, unless a former registry of this deployment still exists.
"""

from typing import Any

from botocore.exceptions import ClientError

from tokenvend.adapters.dynamodb.registry_items import META_KEY
from tokenvend_cli.deployment.registry_table import RegistryTable

#: CloudFormation puts the logical id into a table's name.
_LOGICAL_ID = "RegistryTable"


def is_unwritten(dynamodb: Any, table: str) -> bool:
    """Whether the registry was never written, or was emptied."""
    return RegistryTable(dynamodb, table).get(*META_KEY) is None


def former_registries(dynamodb: Any, table: str, deployment: str) -> list[str]:
    """Return the names of other tables that hold a registry of *deployment*."""
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
        # Another application's table of that name: its keys differ, or reading it is denied.
        return False
    return meta is not None and meta.document.get("deployment") in {deployment, None}


def mark_as_new(dynamodb: Any, table: str, deployment: str) -> None:
    """Write the first revision of an empty registry.

    Raises:
        tokenvend_cli.deployment.registry_table.ChangedMeanwhileError: somebody wrote it meanwhile.
    """
    RegistryTable(dynamodb, table, deployment=deployment).begin()
