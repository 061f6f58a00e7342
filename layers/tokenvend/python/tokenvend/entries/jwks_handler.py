"""The function that publishes keys: its parts, built on first use, and its answers."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from tokenvend.adapters.aws_clients import aws_client, listen_to_failures
from tokenvend.adapters.clock import SystemClock
from tokenvend.adapters.dynamodb.published_keys import DynamoDbPublishedKeys
from tokenvend.adapters.signing.kms import KmsPublicKeys
from tokenvend.composition.settings import registry_table_of
from tokenvend.domain.errors import InvalidClientError
from tokenvend.entries.alias import require_live
from tokenvend.entries.jwks import jwks_answer, jwks_away, jwks_refused
from tokenvend.observability.incidents import count_aws_failure, report_unusable_key
from tokenvend.ports import StoreAwayError
from tokenvend.vending.jwks import JwksPublisher


@cache
def publisher() -> JwksPublisher:
    """The use case of this environment.

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
    """Make the use case in INIT, which has a whole processor; raises as `publisher` does."""
    publisher()


def handle_jwks(event: Mapping[str, Any], *, invoked_function_arn: str) -> dict[str, Any]:
    """Answer one API Gateway proxy event; nothing in it matters."""
    del event
    try:
        require_live(invoked_function_arn)
        return jwks_answer(publisher().jwks())
    except InvalidClientError as error:
        return jwks_refused(error)
    except StoreAwayError:
        return jwks_away()
