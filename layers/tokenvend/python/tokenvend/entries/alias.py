"""The alias through which a function was invoked, as proof of who invoked it.

Lambda does not tell a function who invoked it. But IAM decides who may invoke which alias, and
`context.invoked_function_arn` names that alias, which the invoker cannot forge.
"""

import re
from functools import lru_cache

from tokenvend.domain.errors import InvalidClientError
from tokenvend.domain.names import LIVE_ALIAS, RESERVED_ALIASES, WORKLOADS_ALIAS, is_name

#: Most environments see few aliases.
_ALIASES_REMEMBERED = 64
_FUNCTION_ARN = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(?::([A-Za-z0-9_$-]+))?"
)


def qualifier_of(invoked_function_arn: str) -> str | None:
    """Return the alias or version in *invoked_function_arn*; `None` if it has neither."""
    match = _FUNCTION_ARN.fullmatch(invoked_function_arn)
    return match[1] if match else None


def require_live(invoked_function_arn: str) -> None:
    """Require that the function was invoked through the alias `live`.

    Of the HTTP functions, only API Gateway may invoke that alias.

    Raises:
        InvalidClientError: it was another alias or none, so the event's `requestContext` proves
            nothing.
    """
    if qualifier_of(invoked_function_arn) != LIVE_ALIAS:
        raise InvalidClientError(rule="entry.live_alias")


@lru_cache(maxsize=_ALIASES_REMEMBERED)
def is_workloads_alias(invoked_function_arn: str) -> bool:
    """Whether the direct function was invoked through the alias that workloads share.

    That alias proves no caller: each request must have a subject token.
    """
    return qualifier_of(invoked_function_arn) == WORKLOADS_ALIAS


def caller_alias_of(invoked_function_arn: str) -> str:
    """Return the caller's alias through which the direct function was invoked.

    Raises:
        InvalidClientError: it was the unqualified function, a version, or an alias that is no
            caller's, such as `live`.
    """
    qualifier = qualifier_of(invoked_function_arn)
    if qualifier is None or qualifier in RESERVED_ALIASES or not is_name(qualifier):
        raise InvalidClientError(rule="entry.caller_alias")
    return qualifier
