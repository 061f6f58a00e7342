"""How a token or key is sent to the API that it opens."""

from collections.abc import Mapping
from dataclasses import dataclass

from tokenvend.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Header:
    """A header's name, and what stands before the token in it.

    `token_type` is what a client is told (RFC 6749 §7.1). `N_A` says that this is no OAuth access
    token (RFC 8693 §2.2.1), so that no client sends it as a bearer token.
    """

    name: str
    prefix: str = ""
    token_type: str = "N_A"


@dataclass(frozen=True, slots=True)
class RequestParts:
    """What a request carries where one header is not enough: each header and parameter whole.

    The values of `query` are as they are; whoever sends them encodes them.
    """

    headers: Mapping[str, Secret]
    query: Mapping[str, Secret]


#: RFC 6750 §2.1.
BEARER = Header("Authorization", "Bearer ", "Bearer")
