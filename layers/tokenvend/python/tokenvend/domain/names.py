"""The patterns of names, chosen so that no name can be mistaken for a key in our tables."""

import re

#: A credential, caller or provider in tokenvend.yaml. Also a valid Lambda alias name.
NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
#: A tenant, or a connection's name. Wider than `NAME`, because tenants are named after customers.
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
#: A connection of the caller: `name`; of another caller: `owner/name`.
CONNECTION = re.compile(rf"(?:{NAME.pattern}/)?(?:{TENANT.pattern})")
#: A connection that a user's token picked. No request can name it, as no other pattern has `@`.
PICKED_CONNECTION = re.compile(r"@[A-Za-z0-9_-]{43}")
#: RFC 6749 appendix A.1 allows more; this much is safe in a key, a URL and a log line.
CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
#: One scope: RFC 6749 §3.3, `scope-token`.
SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,256}")
#: An audience or resource: visible ASCII without space, quote or backslash.
TARGET = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,2048}")

#: The prefix of a tenant value's name, in a request that starts a connection.
TENANT_PARAMETER_PREFIX = "tenant."

#: The alias that a deployment moves to the version that it has published.
LIVE_ALIAS = "live"
#: The alias of the direct function that workloads share. No caller can have this name, because a
#: caller's name has no capital letter.
WORKLOADS_ALIAS = "Workloads"
#: Well-formed alias names that no caller has.
RESERVED_ALIASES = frozenset({LIVE_ALIAS})


def is_name(text: str) -> bool:
    """Whether *text* can be the name of a credential, caller or provider."""
    return NAME.fullmatch(text) is not None
