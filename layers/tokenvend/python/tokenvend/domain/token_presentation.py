"""How a token or key is sent to its API."""

from collections.abc import Mapping
from dataclasses import dataclass

from tokenvend.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Header:
    """A header's name, and the prefix before the token in it.

    `token_type` is the answer's field of that name (RFC 6749 §7.1). `N_A` means that this is not an
    OAuth access token (RFC 8693 §2.2.1), so that no client sends it as a bearer token.
    """

    name: str
    prefix: str = ""
    token_type: str = "N_A"


@dataclass(frozen=True, slots=True)
class RequestParts:
    """The headers and query parameters of an API request, if one header is not enough.

    The values are complete. Those of `query` are not URL-encoded: the sender does that.
    """

    headers: Mapping[str, Secret]
    query: Mapping[str, Secret]


#: RFC 6750 §2.1.
BEARER = Header("Authorization", "Bearer ", "Bearer")
