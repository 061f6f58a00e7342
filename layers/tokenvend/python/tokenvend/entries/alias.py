"""Which alias an invocation came through: the one thing that an invoker cannot choose freely.

Lambda does not tell a function who invoked it. But IAM decides who may invoke which alias, and
`context.invoked_function_arn` names that alias.
"""

import re

from tokenvend.domain.errors import InvalidClientError
from tokenvend.domain.names import LIVE_ALIAS, RESERVED_ALIASES, WORKLOADS_ALIAS, is_name

_FUNCTION_ARN = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(?::([A-Za-z0-9_$-]+))?"
)


def qualifier_of(invoked_function_arn: str) -> str | None:
    """The alias or version in *invoked_function_arn*; `None` for the unqualified function."""
    match = _FUNCTION_ARN.fullmatch(invoked_function_arn)
    return match[1] if match else None


def require_live(invoked_function_arn: str) -> None:
    """Let an HTTP function answer only through `live`, which only API Gateway may invoke.

    Raises:
        InvalidClientError: the event came another way, so its `requestContext` proves nothing.
    """
    if qualifier_of(invoked_function_arn) != LIVE_ALIAS:
        raise InvalidClientError(rule="entry.live_alias")


def is_workloads_alias(invoked_function_arn: str) -> bool:
    """Whether the direct function was invoked through the alias that workloads share.

    That proves nobody: each request brings a subject token.
    """
    return qualifier_of(invoked_function_arn) == WORKLOADS_ALIAS


def caller_alias_of(invoked_function_arn: str) -> str:
    """The caller's alias that the direct function was invoked through.

    Raises:
        InvalidClientError: it was the unqualified function, a version, or `live`.
    """
    qualifier = qualifier_of(invoked_function_arn)
    if qualifier is None or qualifier in RESERVED_ALIASES or not is_name(qualifier):
        raise InvalidClientError(rule="entry.caller_alias")
    return qualifier
