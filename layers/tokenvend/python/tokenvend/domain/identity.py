"""Who calls: the proof that an entry reads, and the identity that finds the caller of the registry.

| proof         | read in                | identity                                                |
|---------------|------------------------|---------------------------------------------------------|
| SigV4, a role | `entries/http.py`      | `iam:<account>:role/<name>`                             |
| SigV4, a user | `entries/http.py`      | `iam:<account>:user/<path and name>`                    |
| OAuth client  | `entries/form.py`      | `client:<client_id>`                                    |
| alias         | `entries/direct.py`    | `alias:<name>`                                          |
| subject token | `vending/workloads.py` | `oidc:<issuer>/<caller>`, by their names in the file    |

The registry has an item for each identity, which names the caller: `domain.registry.Caller`.
`prove_caller` in `domain/decision.py` compares the proof with it, and refuses a blocked caller.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from tokenvend.domain.secret import Secret

_ROLE_SESSION = re.compile(
    r"arn:aws[a-z-]*:sts::([0-9]{12}):"
    r"assumed-role/([A-Za-z0-9_+=,.@-]{1,64})/[A-Za-z0-9_+=,.@-]{2,64}"
)
_ROLE = re.compile(
    r"arn:aws[a-z-]*:iam::([0-9]{12}):role/((?:[\x21-\x2E\x30-\x7E]+/)*)([A-Za-z0-9_+=,.@-]{1,64})"
)
_USER = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):user/([\x21-\x7E]{1,576})")


class EntryPoint(StrEnum):
    """The entry point over which a request came; logs call it `entry`."""

    IAM = "iam"
    OAUTH2 = "oauth2"
    DIRECT = "direct"


class NotAnIdentityError(ValueError):
    """The ARN is not that of a role or user that can be a caller."""


@dataclass(frozen=True, slots=True)
class Workload:
    """The subject of a verified subject token: its `iss`, `sub` and `jti`, for the audit line."""

    issuer: str
    subject: str
    token_id: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What an entry proved about the caller, and what must still be compared with the registry.

    `unique_id` is the id of the role or user (`AROA…`, `AIDA…`): a role that is deleted and created
    again under the same name has another one. `client_secret` is set on the OAuth entry only, and
    proves nothing until its hash is found among the caller's. `workload` is set if a verified
    subject token proves the caller.
    """

    entry: EntryPoint
    identity: str
    unique_id: str | None = None
    client_secret: Secret | None = None
    workload: Workload | None = None


def identity_of_session(user_arn: str) -> str:
    """Return the identity of API Gateway's `requestContext.identity.userArn`.

    The root user and federated users are refused, because neither is a workload.

    Raises:
        NotAnIdentityError: the ARN is not an assumed role's or an IAM user's.
    """
    if match := _ROLE_SESSION.fullmatch(user_arn):
        return f"iam:{match[1]}:role/{match[2]}"
    if match := _USER.fullmatch(user_arn):
        return f"iam:{match[1]}:user/{match[2]}"
    raise NotAnIdentityError("only an assumed role or an IAM user can be a caller")


def identity_of_principal(arn: str) -> str:
    """Return the identity of a role's or user's ARN from the configuration.

    A role's path is dropped, because a session's ARN does not have it. This is safe: role names
    are unique within an account.

    Raises:
        NotAnIdentityError: the ARN is not a role's or a user's.
    """
    if match := _ROLE.fullmatch(arn):
        return f"iam:{match[1]}:role/{match[3]}"
    if match := _USER.fullmatch(arn):
        return f"iam:{match[1]}:user/{match[2]}"
    raise NotAnIdentityError("it must be the ARN of an IAM role or user")


def has_role_path(arn: str) -> bool:
    """Whether *arn* names a role with a path, which its sessions' ARNs do not have."""
    match = _ROLE.fullmatch(arn)
    return match is not None and bool(match[2])


def identity_of_client(client_id: str) -> str:
    """The identity of an OAuth client that tokenvend issued."""
    return f"client:{client_id}"


def identity_of_alias(alias: str) -> str:
    """The identity of the callers that may invoke the direct function through *alias*."""
    return f"alias:{alias}"


def identity_of_workload(issuer: str, caller: str) -> str:
    """The identity of the workloads that an issuer's tokens prove to be *caller*.

    *issuer* is its name in the configuration, which holds no slash.
    """
    return f"oidc:{issuer}/{caller}"
