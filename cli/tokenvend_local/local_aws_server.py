"""Run ministack, with one thing put right. Executed by ministack's own interpreter.

On AWS a function that API Gateway invokes through an alias sees the alias in
`context.invoked_function_arn`; the HTTP functions answer only through `live` because of that.
ministack 1.5.33 shows them the version behind the alias. The functions must not learn to
accept that, so the stand-in is mended instead.
"""

import copy
import sys
from typing import Any

from ministack.app import main
from ministack.services import lambda_svc

_find_record = lambda_svc._get_func_record_for_ref_in_scope  # noqa: SLF001


def _find_record_by_alias(reference: str, **scope: Any) -> Any:
    """What ministack finds for *reference*, its configuration naming the alias asked for."""
    data, config, name = _find_record(reference, **scope)
    if config is not None and reference.count(":") == 7:
        config = copy.copy(config)
        config["FunctionArn"] = reference
    return data, config, name


lambda_svc._get_func_record_for_ref_in_scope = _find_record_by_alias  # noqa: SLF001

if __name__ == "__main__":
    sys.exit(main())
