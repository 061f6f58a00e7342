"""The answer to a request for a token: RFC 6749 §5.1 and more, the same fields over every entry."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tokenvend.domain.scopes import format_scope
from tokenvend.domain.token import AccessToken
from tokenvend.domain.token_presentation import Header


class Source(StrEnum):
    """Where the token came from: this environment's memory, a store, or a new exchange.

    The store of an API key is Secrets Manager; that of every other token is the tokens table.
    """

    MEMORY = "memory"
    STORE = "store"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class VendAnswer:
    """A token for one caller, as of the instant `answered_at`."""

    token: AccessToken
    source: Source
    answered_at: datetime

    def to_dict(self) -> dict[str, object]:
        """Return the answer's fields.

        `expires_in` is the remaining time in seconds, and `expires_at` the instant in seconds since
        1970-01-01T00:00:00Z; both are rounded down. `scope` is left out if the token has none,
        because RFC 6749 §3.3 has no empty scope. `headers` and `query` are what a request to the
        API carries; `path_prefix` and `body` are there if the API takes something in the path or in
        the JSON body. If all is a single header, `header_name` and `header_prefix` describe it too.
        """
        token = self.token
        scope = {"scope": format_scope(token.scopes)} if token.scopes else {}
        return {
            "access_token": token.access_token.reveal(),
            "token_type": token.sent_as.token_type.value,
            "expires_in": int((token.expires_at - self.answered_at).total_seconds()),
            **scope,
            "expires_at": int(token.expires_at.timestamp()),
            "source": self.source.value,
            "token_sha256": token.access_token.sha256,
            **_sent_as(token),
        }


def _sent_as(token: AccessToken) -> dict[str, object]:
    sent_as = token.sent_as
    if isinstance(sent_as, Header):
        return {
            "header_name": sent_as.name,
            "header_prefix": sent_as.prefix,
            "headers": {sent_as.name: sent_as.prefix + token.access_token.reveal()},
            "query": {},
        }
    answer: dict[str, object] = {
        "headers": {name: value.reveal() for name, value in sent_as.headers.items()},
        "query": {name: value.reveal() for name, value in sent_as.query.items()},
    }
    if sent_as.path_prefix is not None:
        answer["path_prefix"] = sent_as.path_prefix.reveal()
    if sent_as.body is not None:
        answer["body"] = json.loads(sent_as.body.reveal())
    return answer
