"""The local AWS, where stacks named `broken…` fail. Run by ministack's own interpreter.

1. CloudFormation makes no rule for them, when the tables, the key and the log groups are there.
2. It deletes no table that is protected, as on AWS. ministack 1.5.33 does.
3. The tables of `broken-protected…` are protected, which the template leaves out on a local AWS.
"""

import runpy
from pathlib import Path
from typing import Any

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

_SERVER = Path(__file__).parents[2] / "tools" / "tokenvend_local" / "local_aws_server.py"
_RULE = provisioners._RESOURCE_HANDLERS["AWS::Events::Rule"]
_TABLE = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
_create_rule, _create_table, _delete_table = _RULE["create"], _TABLE["create"], _TABLE["delete"]


def _refuse_or_create_rule(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
    if stack_name.startswith("broken"):
        raise ValueError("no rule for this stack")
    return _create_rule(logical_id, props, stack_name)


def _create_protected_table(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
    if stack_name.startswith("broken-protected"):
        props = props | {"DeletionProtectionEnabled": True}
    return _create_table(logical_id, props, stack_name)


def _delete_unprotected_table(physical_id: str, props: dict[str, Any]) -> Any:
    if dynamodb._tables[physical_id].get("DeletionProtectionEnabled"):
        raise ValueError(f"{physical_id} is protected")
    return _delete_table(physical_id, props)


_RULE["create"] = _refuse_or_create_rule
_TABLE["create"], _TABLE["delete"] = _create_protected_table, _delete_unprotected_table

if __name__ == "__main__":
    runpy.run_path(str(_SERVER), run_name="__main__")
