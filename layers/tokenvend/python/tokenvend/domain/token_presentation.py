"""How a token or key is sent to its API."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tokenvend.domain.secret import Secret


class TokenType(StrEnum):
    """The answer's `token_type` (RFC 6749 §7.1).

    NOT_BEARER: no client may send it as a bearer token (RFC 8693 §2.2.1). The answer's `headers`,
    `query`, `path_prefix` and `body` say how it is sent.
    """

    BEARER = "Bearer"
    NOT_BEARER = "N_A"


@dataclass(frozen=True, slots=True)
class Header:
    """A header's name, and the prefix before the token in it."""

    name: str
    prefix: str = ""
    token_type: TokenType = TokenType.NOT_BEARER


@dataclass(frozen=True, slots=True)
class RequestParts:
    """What an API request carries, if one header is not enough.

    The values are complete. Those of `query` are not URL-encoded: the sender does that.
    `path_prefix` comes before the path of the request's URL, as it is. `body` is a JSON object as
    text, whose members belong to the request's own JSON object.
    """

    headers: Mapping[str, Secret]
    query: Mapping[str, Secret]
    token_type: TokenType = TokenType.NOT_BEARER
    path_prefix: Secret | None = None
    body: Secret | None = None


type SentAs = Header | RequestParts


def request_parts(sent_as: SentAs, token: Secret) -> RequestParts:
    """Return the complete headers and parameters of an API request with *token*."""
    if isinstance(sent_as, RequestParts):
        return sent_as
    header = {sent_as.name: Secret(sent_as.prefix + token.reveal())}
    return RequestParts(header, {}, sent_as.token_type)


#: RFC 6750 §2.1.
BEARER = Header("Authorization", "Bearer ", TokenType.BEARER)
