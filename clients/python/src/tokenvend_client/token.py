"""A token, and how to send it to an API."""

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, NoReturn

from tokenvend_client.request import TokenRequest
from tokenvend_client.secret import Secret


class Token:
    """A token for one API. Nothing prints it: not `repr`, a log, a traceback or a pickle.

    `scope` is the token's scope, `None` if it has none. After `expires_at` the client returns
    another token; `token_sha256` names the token in tokenvend's audit log. Where one header is not
    enough, `headers`, `query`, `path_prefix` and `body` are everything that a request must carry.

    >>> from tokenvend_client.testing import FakeTokenvend
    >>> token = FakeTokenvend().client().token("sr-jobs", scope="jobs_read")
    >>> token.scope
    'jobs_read'
    >>> list(token.headers)
    ['Authorization']
    >>> token
    <Token sr-jobs 481accc7…>
    """

    __slots__ = (
        *("_body", "_parts", "_path_prefix", "_query", "_secret", "expires_at", "header_name"),
        "header_prefix",
        *("request", "scope", "token_sha256", "token_type"),
    )

    def __init__(
        self,
        secret: Secret,
        request: TokenRequest,
        *,
        expires_at: datetime,
        scope: str | None,
        token_type: str = "Bearer",
        header_name: str = "Authorization",
        header_prefix: str = "Bearer ",
        parts: Mapping[str, Secret] | None = None,
        query: Mapping[str, Secret] | None = None,
        path_prefix: Secret | None = None,
        body: Secret | None = None,
    ) -> None:
        self._secret = secret
        self.request = request
        self.expires_at = expires_at
        self.scope = scope
        self.token_type = token_type
        self.token_sha256 = secret.sha256
        self.header_name = header_name
        self.header_prefix = header_prefix
        self._parts = parts
        self._query = query or {}
        self._path_prefix = path_prefix
        self._body = body

    def reveal(self) -> str:
        """Return the token itself, for an API that wants it elsewhere than in a header."""
        return self._secret.reveal()

    @property
    def headers(self) -> dict[str, str]:
        """Return the complete headers that the API wants: a new dictionary each time."""
        if self._parts is not None:
            return {name: value.reveal() for name, value in self._parts.items()}
        return {self.header_name: self.header_prefix + self._secret.reveal()}

    @property
    def query(self) -> dict[str, str]:
        """Return the query parameters that the API wants, not yet encoded; mostly none."""
        return {name: value.reveal() for name, value in self._query.items()}

    @property
    def path_prefix(self) -> str:
        """Return what the API wants before the path of the request's URL; mostly nothing."""
        return "" if self._path_prefix is None else self._path_prefix.reveal()

    @property
    def body(self) -> dict[str, Any]:
        """Return the members that the API wants in the request's JSON object; mostly none."""
        members: dict[str, Any] = {} if self._body is None else json.loads(self._body.reveal())
        return members

    @property
    def seconds_left(self) -> float:
        """Return the seconds until `expires_at`, by this machine's clock."""
        return (self.expires_at - datetime.now(timezone.utc)).total_seconds()

    def __repr__(self) -> str:
        return f"<Token {self.request.credential} {self.token_sha256[:8]}…>"

    def __copy__(self) -> "Token":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Token":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Token cannot be pickled: ask for one where it is needed")
