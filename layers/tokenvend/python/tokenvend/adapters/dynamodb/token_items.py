"""The tokens table's items: token, lease and failure of one key in one item.

What is known of a token, its expiry and scopes too, is inside the ciphertext. Outside are
only the key, the lease, the failure and the TTL; none of them says anything of the token.
"""

import json
from datetime import UTC, datetime

from tokenvend.adapters.dynamodb.attributes import Item, bytes_of, number, number_of, text_of
from tokenvend.adapters.encryption import EnvelopeCipher, NotAuthenticError, Sealed
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken, LifetimeSource
from tokenvend.domain.untrusted import Distrust, OnUntrusted
from tokenvend.ports import TokenItem


def token_pk(key: str) -> str:
    """The partition of the token with the cache key *key*."""
    return f"token#{key}"


def epoch_pk(credential: str, tenant: str | None) -> str:
    """The partition of the epoch of a credential's or a tenant's secret."""
    return f"epoch#{credential}" if tenant is None else f"epoch#{credential}/{tenant}"


def seal_token(cipher: EnvelopeCipher, pk: str, token: AccessToken, *, now: datetime) -> Item:
    """The attributes that keep *token*."""
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
        ":ttl": number(int(token.expires_at.timestamp())),
    }


class TokenItemParser:
    """Turns stored items into what can be trusted of them."""

    def __init__(self, cipher: EnvelopeCipher, on_untrusted: OnUntrusted) -> None:
        self._cipher = cipher
        self._on_untrusted = on_untrusted

    def parse(self, item: Item) -> TokenItem:
        """What *item* holds; a token that is not authentic counts as absent.

        Raises:
            StoreAwayError: the key that opens it could not be had.
        """
        pk = text_of(item, "pk") or ""
        return TokenItem(self._open(pk, item), _lease(item), _failure(item))

    def _open(self, pk: str, item: Item) -> AccessToken | None:
        ciphertext, wrapped_key = bytes_of(item, "token"), bytes_of(item, "wrapped_key")
        if ciphertext is None or wrapped_key is None:
            return None
        try:
            document = json.loads(self._cipher.open(pk, Sealed(ciphertext, wrapped_key)))
        except NotAuthenticError:
            self._on_untrusted(pk, Distrust.NOT_AUTHENTIC)
            return None
        token = AccessToken(
            access_token=Secret(document["access_token"]),
            scopes=frozenset(document["scopes"]),
            requested_at=_instant(document["requested_at"]),
            expires_at=_instant(document["expires_at"]),
            epoch=document["epoch"],
            lifetime_source=LifetimeSource(document["lifetime_source"]),
        )
        return token if self._is_current(pk, item, token) else None

    def _is_current(self, pk: str, item: Item, token: AccessToken) -> bool:
        """An old ciphertext put back under a new TTL gives itself away here."""
        if number_of(item, "token_ttl") == int(token.expires_at.timestamp()):
            return True
        self._on_untrusted(pk, Distrust.REPLAYED)
        return False


def lease_values(lease: Lease) -> Item:
    """The attributes that keep *lease*."""
    return {
        ":lease_id": {"S": lease.lease_id},
        ":done": number(lease.expected_done_at.timestamp()),
        ":dies": number(lease.dies_at.timestamp()),
    }


def _lease(item: Item) -> Lease | None:
    lease_id = text_of(item, "lease_id")
    done, dies = number_of(item, "lease_done_at"), number_of(item, "lease_dies_at")
    if lease_id is None or done is None or dies is None:
        return None
    return Lease(lease_id=lease_id, expected_done_at=_instant(done), dies_at=_instant(dies))


def failure_values(failure: Failure) -> Item:
    """The attribute that keeps *failure*."""
    document = {
        "provider_error": failure.provider_error,
        "count": failure.count,
        "retry_at": failure.retry_at.timestamp(),
    }
    return {":failure": {"S": json.dumps(document)}}


def _failure(item: Item) -> Failure | None:
    text = text_of(item, "failure")
    if text is None:
        return None
    document = json.loads(text)
    return Failure(
        provider_error=document["provider_error"],
        count=document["count"],
        retry_at=_instant(document["retry_at"]),
    )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
