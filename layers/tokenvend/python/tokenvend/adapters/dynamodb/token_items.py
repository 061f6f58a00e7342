"""The tokens table's items: token, lease and failure of one key in one item.

What is known of a token, its expiry and scopes too, is inside the ciphertext. Outside are
only the key, the lease, the failure and the TTL; none of them says anything of the token.

| attribute                                    | holds                                      |
|----------------------------------------------|--------------------------------------------|
| `token`, `wrapped_key`                       | the sealed token and the key that opens it |
| `token_ttl`                                  | the TTL that goes with this token          |
| `lease_id`, `lease_done_at`, `lease_dies_at` | the lease                                  |
| `failure`                                    | the newest failed exchange, as JSON        |
| `ttl`                                        | when DynamoDB may delete all of it         |

`token_ttl` follows from the expiry inside the ciphertext. A lease or a failure makes `ttl`
later, so that the item outlives them; when neither is there, `ttl` is `token_ttl` again. An
old ciphertext that was put back under a new TTL disagrees with one of the two.
"""

import json
from datetime import datetime, timedelta

from tokenvend.adapters.dynamodb import documents
from tokenvend.adapters.dynamodb.attributes import (
    Item,
    bytes_of,
    instant_of,
    number,
    number_of,
    text_of,
)
from tokenvend.adapters.encryption import EnvelopeCipher, Sealed, UntrustedItemError
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken, LifetimeSource
from tokenvend.domain.untrusted import Distrust, OnUntrusted
from tokenvend.ports import TokenItem

#: An item outlives the newest thing in it by this much, for TTL deletes without asking.
KEPT = timedelta(hours=1)


def token_pk(key: str) -> str:
    """The partition of the token with the cache key *key*."""
    return f"token#{key}"


def epoch_pk(credential: str, tenant: str | None) -> str:
    """The partition of the epoch of a credential's or a tenant's secret."""
    return f"epoch#{credential}" if tenant is None else f"epoch#{credential}/{tenant}"


def seal_token(cipher: EnvelopeCipher, pk: str, token: AccessToken, *, now: datetime) -> Item:
    """The values that keep *token*: `:token`, `:wrapped_key` and `:token_ttl`.

    Raises:
        StoreAwayError: no data key could be had.
    """
    document = {
        "access_token": token.access_token.reveal(),
        "scopes": sorted(token.scopes),
        "requested_at": token.requested_at.timestamp(),
        "expires_at": token.expires_at.timestamp(),
        "epoch": token.epoch,
        "lifetime_source": token.lifetime_source.value,
    }
    sealed = cipher.seal(pk, json.dumps(document).encode(), now=now)
    return {
        ":token": {"B": sealed.ciphertext},
        ":wrapped_key": {"B": sealed.wrapped_key},
        ":token_ttl": number(_ttl_of(token)),
    }


def lease_values(lease: Lease) -> Item:
    """The values that keep *lease*: `:lease_id`, `:done` and `:dies`."""
    return {
        ":lease_id": {"S": lease.lease_id},
        ":done": number(lease.expected_done_at.timestamp()),
        ":dies": number(lease.dies_at.timestamp()),
    }


def failure_values(failure: Failure) -> Item:
    """The value that keeps *failure*: `:failure`."""
    document = {
        "provider_error": failure.provider_error,
        "count": failure.count,
        "retry_at": failure.retry_at.timestamp(),
    }
    return {":failure": {"S": json.dumps(document)}}


class TokenItemParser:
    """Turns stored items into what can be trusted of them."""

    def __init__(self, cipher: EnvelopeCipher, on_untrusted: OnUntrusted) -> None:
        self._cipher = cipher
        self._on_untrusted = on_untrusted

    def parse(self, item: Item) -> TokenItem:
        """What *item* holds. A part that cannot be trusted is counted and counts as absent.

        Raises:
            StoreAwayError: the key that opens it could not be had.
        """
        pk = text_of(item, "pk") or ""
        return TokenItem(self._token(pk, item), self._lease(pk, item), self._failure(pk, item))

    def _token(self, pk: str, item: Item) -> AccessToken | None:
        ciphertext, wrapped_key = bytes_of(item, "token"), bytes_of(item, "wrapped_key")
        if ciphertext is None or wrapped_key is None:
            return None
        try:
            token = _parse_token(self._cipher.open(pk, Sealed(ciphertext, wrapped_key)))
        except UntrustedItemError as error:
            self._on_untrusted(pk, error.reason)
            return None
        except (KeyError, TypeError, ValueError):
            # Authentic, and yet not what this version writes.
            self._on_untrusted(pk, Distrust.MALFORMED)
            return None
        if not _ttl_agrees(item, token):
            self._on_untrusted(pk, Distrust.REPLAYED)
            return None
        return token

    def _lease(self, pk: str, item: Item) -> Lease | None:
        lease_id = text_of(item, "lease_id")
        if lease_id is None:
            return None
        done, dies = number_of(item, "lease_done_at"), number_of(item, "lease_dies_at")
        try:
            return Lease(
                lease_id=lease_id,
                expected_done_at=instant_of(done or 0.0),
                dies_at=instant_of(dies or 0.0),
            )
        except ValueError:
            # It still stands for the table's conditions, so it must for us: dead long ago.
            self._on_untrusted(pk, Distrust.MALFORMED)
            return Lease(
                lease_id=lease_id, expected_done_at=instant_of(0.0), dies_at=instant_of(0.0)
            )

    def _failure(self, pk: str, item: Item) -> Failure | None:
        text = text_of(item, "failure")
        if text is None:
            return None
        try:
            return _parse_failure(text)
        except (KeyError, TypeError, ValueError):
            self._on_untrusted(pk, Distrust.MALFORMED)
            return None


def _parse_token(plaintext: bytes) -> AccessToken:
    document = documents.parse(plaintext)
    return AccessToken(
        access_token=Secret(documents.text(document, "access_token")),
        scopes=documents.texts(document, "scopes"),
        requested_at=instant_of(document["requested_at"]),
        expires_at=instant_of(document["expires_at"]),
        epoch=document["epoch"],
        lifetime_source=LifetimeSource(document["lifetime_source"]),
    )


def _parse_failure(text: str) -> Failure:
    document = documents.parse(text)
    return Failure(
        provider_error=documents.optional_text(document, "provider_error"),
        count=documents.count(document, "count"),
        retry_at=instant_of(document["retry_at"]),
    )


def _ttl_of(token: AccessToken) -> int:
    return int((token.expires_at + KEPT).timestamp())


def _ttl_agrees(item: Item, token: AccessToken) -> bool:
    expected = _ttl_of(token)
    if number_of(item, "token_ttl") != expected:
        return False
    is_prolonged = "lease_id" in item or "failure" in item
    return is_prolonged or number_of(item, "ttl") == expected
