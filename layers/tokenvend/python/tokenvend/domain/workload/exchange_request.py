"""The parameters of a token exchange (RFC 8693 §2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass

from tokenvend.domain.errors import InvalidRequestError
from tokenvend.domain.request import ACCESS_TOKEN_TYPE
from tokenvend.domain.secret import Secret

#: The accepted types of subject tokens: both are signed JWTs.
SUBJECT_TOKEN_TYPES = frozenset(
    {"urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"}
)
#: Refused, because delegation (RFC 8693 §1.1) is not supported.
_ACTOR = ("actor_token", "actor_token_type")


@dataclass(frozen=True, slots=True)
class SubjectToken:
    """A subject token, a workload's or a user's. It proves nothing until it is verified."""

    token: Secret


def parse_subject_token(parameters: Mapping[str, object]) -> SubjectToken:
    """Return the subject token of a token exchange (RFC 8693 §2.1).

    Raises:
        InvalidRequestError: it is missing, its type or the requested one is not supported, or there
            is an actor token.
    """
    token, of_type = parameters.get("subject_token"), parameters.get("subject_token_type")
    if not isinstance(token, str) or not token.isascii():
        raise _malformed("subject_token", "is needed: a signed JWT")
    if not isinstance(of_type, str) or of_type not in SUBJECT_TOKEN_TYPES:
        raise _malformed(
            "subject_token_type", f"must be one of {', '.join(sorted(SUBJECT_TOKEN_TYPES))}"
        )
    if parameters.get("requested_token_type", ACCESS_TOKEN_TYPE) != ACCESS_TOKEN_TYPE:
        raise _malformed("requested_token_type", f"can only be {ACCESS_TOKEN_TYPE}")
    for name in _ACTOR:
        if name in parameters:
            raise _malformed(name, "is not supported: leave it out")
    return SubjectToken(Secret(token))


def _malformed(parameter: str, reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"{parameter} {reason}.", rule=f"request.{parameter}")
