"""Issuers at which anybody can have an account, and so a token for any audience.

A rule must keep strangers out: it must name an organization or a project of its author's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tokenvend.domain.workload.glob import is_glob
from tokenvend.domain.workload.issuer import SubjectRule


@dataclass(frozen=True, slots=True)
class _Shared:
    """`owner_in_sub` matches a `sub` up to its owner; `owner_claims` name an owner or project."""

    owner_in_sub: re.Pattern[str]
    owner_claims: tuple[str, ...]


#: By `iss`, from the platforms' own descriptions of their tokens.
_SHARED: Mapping[str, _Shared] = {
    "https://token.actions.githubusercontent.com": _Shared(
        re.compile(r"repo:[^*/:]+/"),
        ("repository_owner_id", "repository_id", "repository_owner", "repository"),
    ),
    "https://gitlab.com": _Shared(
        re.compile(r"project_path:[^*/:]+/"),
        ("namespace_id", "project_id", "namespace_path", "project_path"),
    ),
}


def missing_owner(issuer: str, rule: SubjectRule) -> str | None:
    """Return what *rule* must add so that strangers at *issuer* do not match; `None` if nothing."""
    shared = _SHARED.get(issuer)
    if shared is None:
        return None
    if rule.subject is not None and shared.owner_in_sub.match(rule.subject):
        return None
    if any(_names_owner(rule.claims.get(name)) for name in shared.owner_claims):
        return None
    return (
        "anybody with an account there could be this caller: name an owner in sub, or pin"
        f" {' or '.join(shared.owner_claims[:2])}"
    )


def _names_owner(pattern: object) -> bool:
    """Whether *pattern* is a text whose first segment, the owner's, is exact."""
    return isinstance(pattern, str) and not is_glob(pattern.partition("/")[0])
