"""The items of the connections table: consent, journal and pending consent of one connection.

A consent is encrypted whole, with its scopes and account. In clear text are only the attributes
that conditions compare and that the index needs.

| attribute                                        | holds                                       |
|--------------------------------------------------|---------------------------------------------|
| `pk`                                             | `connection#<credential>#<owner>#<name>`    |
| `owned_by`                                       | the owner, for the index `owned_by`         |
| `consent`, `consent_key`                         | the sealed consent and its wrapped data key |
| `consent_id`, `token_number`                     | as in the sealed consent, for conditions    |
| `holder_id`, `deadline_at`, `is_retry`, `retry_at` | the journal; without `holder_id`, none    |
| `lost_by`                                        | a random mark, if the consent is lost       |
| `pending_consent`, `pending_key`, `pending_id`   | the same for a pending consent              |

A sealed part is bound to its item and to its role in it, and a consent also to its number, so none
can replace another. A pending consent is sealed for the logical table `pending`, because the
function of the consent pages, which writes it, may not use the key of completed consents.
"""

from datetime import datetime
from typing import Any

from tokenvend.adapters.dynamodb import documents
from tokenvend.adapters.dynamodb.attributes import (
    Item,
    bytes_of,
    instant_of,
    number,
    number_of,
    text_of,
)
from tokenvend.adapters.dynamodb.consent_documents import (
    consent_document,
    encode,
    parse_consent,
)
from tokenvend.adapters.encryption import EnvelopeCipher, Sealed, UntrustedItemError
from tokenvend.domain.connection import (
    Connection,
    ConnectionKey,
    Consent,
    JournalEntry,
    PendingConsent,
)
from tokenvend.domain.untrusted import Distrust, OnUntrusted

_PREFIX = "connection"
_KEY_PARTS = 4
#: The roles of the two sealed parts.
_CONSENT, _PENDING = "consent", "pending"


def connection_pk(key: ConnectionKey) -> str:
    """Return the partition key of the connection *key*; no part of *key* can hold a `#`."""
    return f"{_PREFIX}#{key.credential}#{key.owner}#{key.name}"


def key_of(pk: str) -> ConnectionKey | None:
    """Parse the partition key *pk*; `None` if it is not a connection's."""
    parts = pk.split("#")
    if len(parts) != _KEY_PARTS or parts[0] != _PREFIX:
        return None
    return ConnectionKey(credential=parts[1], owner=parts[2], name=parts[3])


def seal_consent(
    cipher: EnvelopeCipher, pk: str, consent: Consent, token_number: int, *, now: datetime
) -> Item:
    """Build the values that store *consent*: `:consent`, `:consent_key`, `:consent_id`, `:number`.

    Raises:
        StoreAwayError: no data key is available.
    """
    document = consent_document(consent) | {"number": token_number}
    sealed = cipher.seal(_role(pk, _CONSENT), encode(document), now=now)
    return {
        ":consent": {"B": sealed.ciphertext},
        ":consent_key": {"B": sealed.wrapped_key},
        ":consent_id": {"S": consent.consent_id},
        ":number": number(token_number),
    }


def seal_pending(
    cipher: EnvelopeCipher, pk: str, pending: PendingConsent, *, now: datetime
) -> Item:
    """Build the values that store *pending*: `:pending`, `:pending_key` and `:pending_id`.

    Raises:
        StoreAwayError: no data key is available.
    """
    document = {
        "consent": consent_document(pending.consent),
        "code_sha256": pending.code_sha256,
        "expires_at": pending.expires_at.isoformat(),
    }
    sealed = cipher.seal(_role(pk, _PENDING), encode(document), now=now)
    return {
        ":pending": {"B": sealed.ciphertext},
        ":pending_key": {"B": sealed.wrapped_key},
        ":pending_id": {"S": pending.consent.consent_id},
    }


def redemption_values(journal_entry: JournalEntry) -> Item:
    """Build the values that store *journal_entry*: `:holder_id`, `:deadline_at` and `:is_retry`."""
    return {
        ":holder_id": {"S": journal_entry.holder_id},
        ":deadline_at": number(journal_entry.deadline_at.timestamp()),
        ":is_retry": {"BOOL": journal_entry.is_retry},
    }


class ConnectionItemParser:
    """Parses stored items, and leaves out the parts that cannot be trusted."""

    def __init__(
        self, cipher: EnvelopeCipher, pending: EnvelopeCipher, on_untrusted: OnUntrusted
    ) -> None:
        self._ciphers = {_CONSENT: cipher, _PENDING: pending}
        self._on_untrusted = on_untrusted

    def parse(self, item: Item) -> Connection | None:
        """Parse *item*. A part that cannot be trusted is reported to *on_untrusted* and left out.

        Raises:
            StoreAwayError: KMS did not answer, so the item cannot be decrypted.
        """
        pk = text_of(item, "pk") or ""
        key = key_of(pk)
        if key is None:
            self._on_untrusted(pk, Distrust.MALFORMED)
            return None
        consent, pending = self._consent(pk, item), self._pending(pk, item)
        if consent is None:
            return None if pending is None else Connection(key=key, pending=pending)
        token_number = int(number_of(item, "token_number") or 0)
        return Connection(
            key=key,
            consent=consent,
            number=token_number,
            journal_entry=self._redemption(pk, item, token_number),
            is_lost="lost_by" in item,
            pending=pending,
        )

    def _consent(self, pk: str, item: Item) -> Consent | None:
        document = self._open(pk, item, "consent", "consent_key", role=_CONSENT)
        if document is None:
            return None
        try:
            consent, token_number = parse_consent(document), documents.count(document, "number")
        except (KeyError, TypeError, ValueError):
            self._on_untrusted(pk, Distrust.MALFORMED)
            return None
        same_id = text_of(item, "consent_id") == consent.consent_id
        if not same_id or number_of(item, "token_number") != token_number:
            self._on_untrusted(pk, Distrust.REPLAYED)
            return None
        return consent

    def _pending(self, pk: str, item: Item) -> PendingConsent | None:
        document = self._open(pk, item, "pending_consent", "pending_key", role=_PENDING)
        if document is None:
            return None
        try:
            pending = PendingConsent(
                consent=parse_consent(documents.mapping(document, "consent")),
                code_sha256=documents.sha256(document, "code_sha256"),
                expires_at=documents.instant(document, "expires_at"),
            )
        except (KeyError, TypeError, ValueError):
            self._on_untrusted(pk, Distrust.MALFORMED)
            return None
        if text_of(item, "pending_id") != pending.consent.consent_id:
            self._on_untrusted(pk, Distrust.REPLAYED)
            return None
        return pending

    def _open(
        self, pk: str, item: Item, sealed: str, wrapped: str, *, role: str
    ) -> dict[str, Any] | None:
        ciphertext, wrapped_key = bytes_of(item, sealed), bytes_of(item, wrapped)
        if ciphertext is None or wrapped_key is None:
            return None
        try:
            plaintext = self._ciphers[role].open(_role(pk, role), Sealed(ciphertext, wrapped_key))
            return documents.parse(plaintext)
        except UntrustedItemError as error:
            self._on_untrusted(pk, error.reason)
        except ValueError:
            self._on_untrusted(pk, Distrust.MALFORMED)
        return None

    def _redemption(self, pk: str, item: Item, token_number: int) -> JournalEntry | None:
        holder_id = text_of(item, "holder_id")
        if holder_id is None:
            return None
        is_retry = item.get("is_retry", {}).get("BOOL") is True
        retry_at = number_of(item, "retry_at")
        try:
            return JournalEntry(
                number=token_number,
                holder_id=holder_id,
                deadline_at=instant_of(number_of(item, "deadline_at") or 0.0),
                is_retry=is_retry,
                retry_at=None if retry_at is None else instant_of(retry_at),
            )
        except ValueError:
            # Conditions still compare this entry, so it is parsed: with a deadline in the past.
            self._on_untrusted(pk, Distrust.MALFORMED)
            return JournalEntry(
                number=token_number,
                holder_id=holder_id,
                deadline_at=instant_of(0.0),
                is_retry=is_retry,
            )


def _role(pk: str, role: str) -> str:
    return f"{pk}#{role}"
