"""The public endpoint `/.well-known/jwks.json`: the public keys of our client assertions."""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from tokenvend.adapters.aws_clients import aws_client, listen_to_failures
from tokenvend.adapters.clock import SystemClock
from tokenvend.adapters.dynamodb.published_keys import DynamoDbPublishedKeys
from tokenvend.adapters.signing.kms import KmsPublicKeys
from tokenvend.composition.settings import registry_table_of
from tokenvend.domain import bounds
from tokenvend.domain.errors import InvalidClientError
from tokenvend.entries.alias import require_live
from tokenvend.observability.incidents import count_aws_failure, report_unusable_key
from tokenvend.ports import StoreAwayError
from tokenvend.vending.jwks import JwksPublisher

_CACHED = f"public, max-age={int(bounds.JWKS_CACHE.total_seconds())}"


@cache
def publisher() -> JwksPublisher:
    """Return the use case, which is built once for each environment.

    Raises:
        SettingsError: the function's environment variables are incomplete.
    """
    listen_to_failures(count_aws_failure)
    return JwksPublisher(
        published=DynamoDbPublishedKeys(
            aws_client("dynamodb"), table=registry_table_of(os.environ)
        ),
        public=KmsPublicKeys(aws_client("kms")),
        clock=SystemClock(),
        on_unusable=report_unusable_key,
    )


def prepare() -> None:
    """Build the use case in INIT, because INIT has a full CPU; raises as `publisher` does."""
    publisher()


def handle_jwks(event: Mapping[str, Any], *, invoked_function_arn: str) -> dict[str, Any]:
    """Answer one API Gateway proxy event. Its content is not used."""
    del event
    try:
        require_live(invoked_function_arn)
        return jwks_answer(publisher().jwks())
    except InvalidClientError as error:
        return jwks_refused(error)
    except StoreAwayError:
        return jwks_away()


def jwks_answer(jwks: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    """Build the proxy answer with the key set (RFC 7517 §8.5.2)."""
    headers = {"Content-Type": "application/jwk-set+json", "Cache-Control": _CACHED}
    return {"statusCode": 200, "headers": headers, "body": json.dumps(jwks)}


def jwks_refused(error: InvalidClientError) -> dict[str, Any]:
    """Build the answer to an event that did not come through the alias `live`."""
    return _answer(401, {"error": error.code, "error_description": error.description}, {})


def jwks_away() -> dict[str, Any]:
    """Build the answer if AWS does not answer and no key set is cached."""
    text = "The keys cannot be read just now; ask again."
    fields = {"error": "temporarily_unavailable", "error_description": text}
    return _answer(503, fields, {"Retry-After": "5"})


def _answer(status: int, fields: dict[str, str], more: dict[str, str]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store", **more}
    return {"statusCode": status, "headers": headers, "body": json.dumps(fields)}
