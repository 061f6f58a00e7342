"""Who asks: canonical identities, and the proof that an entry found.

| entry         | identity                                                          |
|---------------|-------------------------------------------------------------------|
| SigV4, a role | `iam:<account>:role/<name>`                                       |
| SigV4, a user | `iam:<account>:user/<path and name>`                              |
| OAuth client  | `client:<client_id>`                                              |
| direct        | `alias:<name>`                                                    |
| subject token | `oidc:<issuer>/<caller>`, by the names that both have in the file |
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


class Entry(StrEnum):
    """The way in that a request took."""

    IAM = "iam"
    OAUTH2 = "oauth2"
    DIRECT = "direct"


class NotAnIdentityError(ValueError):
    """An ARN that names no role or user which can be a caller."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Whom a verified subject token is about: its `iss`, `sub` and `jti`, for the audit line."""

    issuer: str
    subject: str
    token_id: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What an entry proved about who asks, and what is left to compare with the registry.

    `unique_id` is the role's or user's own id (`AROA…`, `AIDA…`): a role that is deleted and
    made again under the same name has another. `client_secret` is set on the OAuth entry only,
    and proves nothing until its hash is found among the caller's. `workload` is set where a
    verified subject token proves the caller.
    """

    entry: Entry
    identity: str
    unique_id: str | None = None
    client_secret: Secret | None = None
    workload: Workload | None = None


def identity_of_session(user_arn: str) -> str:
    """The identity behind API Gateway's `requestContext.identity.userArn`.

    The root user and federated users are refused: neither is a workload.

    Raises:
        NotAnIdentityError: the ARN is not an assumed role's or an IAM user's.
    """
    if match := _ROLE_SESSION.fullmatch(user_arn):
        return f"iam:{match[1]}:role/{match[2]}"
    if match := _USER.fullmatch(user_arn):
        return f"iam:{match[1]}:user/{match[2]}"
    raise NotAnIdentityError("only an assumed role or an IAM user can be a caller")


def identity_of_principal(arn: str) -> str:
    """The identity of a role or user ARN as a person writes it in configuration.

    A session's ARN carries no path, so a role's path is dropped: two roles of one account
    cannot share a name anyway.

    Raises:
        NotAnIdentityError: the ARN is not a role's or a user's.
    """
    if match := _ROLE.fullmatch(arn):
        return f"iam:{match[1]}:role/{match[3]}"
    if match := _USER.fullmatch(arn):
        return f"iam:{match[1]}:user/{match[2]}"
    raise NotAnIdentityError("write the ARN of an IAM role or user")


def has_role_path(arn: str) -> bool:
    """Whether *arn* names a role by a path that its sessions will not show."""
    match = _ROLE.fullmatch(arn)
    return match is not None and bool(match[2])


def identity_of_client(client_id: str) -> str:
    """The identity of an OAuth client that tokenvend issued."""
    return f"client:{client_id}"


def identity_of_alias(alias: str) -> str:
    """The identity of whoever may invoke the direct function through *alias*."""
    return f"alias:{alias}"


def identity_of_workload(issuer: str, caller: str) -> str:
    """The identity of the workloads that an issuer's tokens prove to be *caller*.

    *issuer* is its name in the configuration, which holds no slash.
    """
    return f"oidc:{issuer}/{caller}"
