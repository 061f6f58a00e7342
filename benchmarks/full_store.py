"""ministack, with tables that are full from the start. Run by ministack's own interpreter.

`TOKENVEND_FILL` says which: `{table: {"count": n, "item": {…}}}`, with `{n}` in keys. Filled
over HTTP, a million items would take longer than all that is measured on them.
"""

import json
import os
import sys
from typing import Any

from ministack.app import main
from ministack.services import dynamodb

_FILL = json.loads(os.environ["TOKENVEND_FILL"])
_create_table = dynamodb._create_table  # noqa: SLF001
_set_item = dynamodb._set_item  # noqa: SLF001


def _create_and_fill(data: dict[str, Any]) -> Any:
    answer = _create_table(data)
    name = data["TableName"]
    wanted = _FILL.get(name, {"count": 0})
    table = dynamodb._tables[name]  # noqa: SLF001
    for n in range(wanted["count"]):
        item = dict(wanted["item"])
        for key in ("pk", "sk"):
            if key in item:
                item[key] = {"S": item[key]["S"].format(n=n)}
        _set_item(table, item["pk"]["S"], item.get("sk", {"S": "__no_sort__"})["S"], item)
    return answer


dynamodb._create_table = _create_and_fill  # noqa: SLF001

if __name__ == "__main__":
    sys.exit(main())
