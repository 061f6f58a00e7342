"""How a token or key is sent to the API that it opens."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Header:
    """A header's name, and what stands before the token in it.

    `token_type` is what a client is told (RFC 6749 §7.1). `N_A` says that this is no OAuth access
    token (RFC 8693 §2.2.1), so that no client sends it as a bearer token.
    """

    name: str
    prefix: str = ""
    token_type: str = "N_A"


#: RFC 6750 §2.1.
BEARER = Header("Authorization", "Bearer ", "Bearer")
