"""Show a token that tokenvend signs, with a name in place of each field of the secret."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime

from tokenvend.domain.decision import Decision
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.oauth.signed_jwt import build_signed_jwt, key_field, parse_signed_jwt
from tokenvend_cli.commands.shown_request import named_secret

#: Claims that differ in each token.
_OF_EACH_TOKEN = {"iat": "(when it is signed)", "exp": "(when it ends)"}


def shown_jwt(decision: Decision) -> dict[str, str | None]:
    """Return the header and the claims of the token, and what signs it. No secret is read for it.

    *decision* is for a credential whose tokens tokenvend signs.
    """
    definition = decision.definition
    try:
        unsigned = build_signed_jwt(
            definition, decision.spec, named_secret(definition), now=datetime.now(UTC)
        )
    except TokenVendError as error:
        return {"request": error.description}
    header, claims = map(_decoded, unsigned.signing_input.decode().split("."))
    field = key_field(definition)
    lifetime = parse_signed_jwt(definition.signed_jwt).lifetime
    return {
        "request": "none: tokenvend signs the token itself",
        "jwt_header": json.dumps(header),
        "jwt_claims": json.dumps(claims | _OF_EACH_TOKEN),
        "signed_with": f"{{secret.{field}}}" if field else "the first of signing.kms_keys",
        "lifetime": f"{int(lifetime.total_seconds())} s",
    }


def _decoded(part: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found
