"""Build and parse credentials' state in the tokens table, and failures, which tokens have too.

| attribute              | holds                                                               |
|------------------------|---------------------------------------------------------------------|
| `secret_generation`    | the secret generation: the id of the version that was current       |
| `failure`              | the newest refusal of the credential as a whole, as JSON            |
| `observed`             | what the newest exchanges showed, as JSON                           |
| `outage`               | since when the provider has been away, and its failures, as JSON    |
| `not_ready_renewal`    | present while the renewal schedule cannot use the secret            |
| `not_ready_keep_alive` | present while the keep-alive schedule cannot use the secret         |

Replacing the whole item, as `tokenvend secret put` does, starts a generation without a failure.
"""

import json

from tokenvend.adapters.dynamodb import documents
from tokenvend.adapters.dynamodb.attributes import Item, instant_of, text_of
from tokenvend.domain.credential_state import (
    CredentialState,
    ObservedExchange,
    ProviderOutage,
    ScheduledReader,
)
from tokenvend.domain.failure import Failure
from tokenvend.domain.token import LifetimeSource, SecretStage
from tokenvend.domain.untrusted import Distrust, OnUntrusted


def credential_state_pk(credential: str, tenant: str | None) -> str:
    """Return the partition key of the state of a credential's or a tenant's secret."""
    return f"epoch#{credential}" if tenant is None else f"epoch#{credential}/{tenant}"


def build_secret_generation(credential: str, tenant: str | None, secret_generation: str) -> Item:
    """Build the item that starts *secret_generation*, without the former failure or outage."""
    return {
        "pk": {"S": credential_state_pk(credential, tenant)},
        "secret_generation": {"S": secret_generation},
    }


def parse_state(item: Item, on_untrusted: OnUntrusted) -> CredentialState:
    """Parse the credential's state from *item*, which may be empty."""
    return CredentialState(
        secret_generation=text_of(item, "secret_generation") or "",
        failure=failure_in(item, text_of(item, "pk") or "", on_untrusted),
        observed=_observed_in(item, on_untrusted),
        outage=_outage_in(item, on_untrusted),
        not_ready_for=frozenset(
            reader for reader in ScheduledReader if not_ready_attribute(reader) in item
        ),
    )


def not_ready_attribute(reader: ScheduledReader) -> str:
    """Return the name of the attribute that is present while *reader* cannot use the secret."""
    return f"not_ready_{reader.value}"


def observed_value(observed: ObservedExchange) -> Item:
    """Build the attribute that stores *observed*."""
    document = {
        "lifetime_seconds": observed.lifetime_seconds,
        "lifetime_source": observed.lifetime_source.value,
        "secret_stage": observed.secret_stage.value,
    }
    return {"S": json.dumps(document)}


def _observed_in(item: Item, on_untrusted: OnUntrusted) -> ObservedExchange | None:
    text = text_of(item, "observed")
    if text is None:
        return None
    try:
        document = documents.parse(text)
        return ObservedExchange(
            lifetime_seconds=documents.count(document, "lifetime_seconds"),
            lifetime_source=LifetimeSource(documents.text(document, "lifetime_source")),
            secret_stage=SecretStage(documents.text(document, "secret_stage")),
        )
    except ValueError:
        on_untrusted(text_of(item, "pk") or "", Distrust.MALFORMED)
        return None


def outage_value(outage: ProviderOutage) -> Item:
    """Build the attribute that stores *outage*; equal outages give equal texts."""
    document = {"since": outage.since.timestamp(), "failures": outage.failures}
    return {"S": json.dumps(document)}


def _outage_in(item: Item, on_untrusted: OnUntrusted) -> ProviderOutage | None:
    text = text_of(item, "outage")
    if text is None:
        return None
    try:
        document = documents.parse(text)
        return ProviderOutage(
            since=instant_of(documents.number(document, "since")),
            failures=documents.count(document, "failures"),
        )
    except (KeyError, TypeError, ValueError):
        on_untrusted(text_of(item, "pk") or "", Distrust.MALFORMED)
        return None


def failure_value(failure: Failure) -> Item:
    """Build the attribute that stores *failure*; equal failures give equal texts."""
    document = {
        "provider_error": failure.provider_error,
        "count": failure.count,
        "retry_at": failure.retry_at.timestamp(),
        "secret_generation": failure.secret_generation,
    }
    return {"S": json.dumps(document)}


def failure_in(item: Item, pk: str, on_untrusted: OnUntrusted) -> Failure | None:
    """Parse the failure in *item*; report a malformed one to *on_untrusted* and return `None`."""
    text = text_of(item, "failure")
    if text is None:
        return None
    try:
        return _parse_failure(text)
    except (KeyError, TypeError, ValueError):
        on_untrusted(pk, Distrust.MALFORMED)
        return None


def _parse_failure(text: str) -> Failure:
    document = documents.parse(text)
    return Failure(
        provider_error=documents.optional_text(document, "provider_error"),
        count=documents.count(document, "count"),
        retry_at=instant_of(documents.number(document, "retry_at")),
        secret_generation=documents.any_text(document, "secret_generation"),
    )
