"""The cache key of a token: two requests have the same key only if they may share a token.

`TokenSpec` has its parts. One of them, `definition`, is a hash over the credential itself:
`CredentialDefinition.fingerprint` in `domain/credential_definition.py` has its parts.
"""

import hashlib
import json
from dataclasses import dataclass

from tokenvend.domain.scopes import Scopes


def one_or_several(values: tuple[str, ...]) -> str | list[str] | None:
    """*values* as a parameter's value: `None` for none, a text for one, a list for several."""
    return list(values) if len(values) > 1 else next(iter(values), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSpec:
    """Everything that decides which token a request gets.

    `scopes` are those that the token is expected to carry. `resources` are sorted. `caller` is set
    only if callers do not share tokens (`isolation: caller`). `consent` is the id of the
    connection's consent, so that tokens of another consent are never found. `user` is the user on
    whose behalf the token is issued: see `domain.users.User.key`.
    """

    credential: str
    definition: str
    scopes: Scopes
    tenant: str | None = None
    audience: str | None = None
    resources: tuple[str, ...] = ()
    connection: str | None = None
    connection_owner: str | None = None
    consent: str | None = None
    caller: str | None = None
    user: str | None = None

    def key(self) -> str:
        """Return the SHA-256 over every field, in hexadecimal.

        The fields are hashed as JSON, so that two different specifications never have the same
        text.
        """
        parts: list[object] = [
            self.credential,
            self.definition,
            sorted(self.scopes),
            self.tenant,
            self.audience,
            one_or_several(self.resources),
            self.connection,
            self.connection_owner,
            self.caller,
        ]
        if self.consent is not None:
            parts.append(self.consent)
        if self.user is not None:
            parts.append({"user": self.user})
        return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()
