"""The items of the tokens table: token, lease and failure of one cache key in one item.

A token is encrypted whole, with its expiry and scopes. In clear text are only the key, the lease,
the failure, the TTL and the marks `due` and `rejected`; none of them contains a part of the token.

| attribute                                    | holds                                           |
|----------------------------------------------|-------------------------------------------------|
| `token`, `wrapped_key`                       | the sealed token and its wrapped data key       |
| `token_ttl`                                  | the TTL of this token, from its expiry          |
| `due`                                        | if in use: the slot in which it is renewed      |
| `rejected`                                   | the `token_ttl` of a token that an API refused  |
| `lease_id`, `lease_done_at`, `lease_deadline_at` | the lease                                   |
| `failure`                                    | the newest failed exchange, as JSON             |
| `ttl`                                        | when DynamoDB may delete the item               |

`token_ttl` is computed from the encrypted expiry. A lease or a failure sets a later `ttl`, so that
the item outlives them; without either, `ttl` equals `token_ttl`. So an old ciphertext that somebody
put back under a new TTL is detected: it contradicts `token_ttl` or `ttl`.
"""

import json
from dataclasses import asdict
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
from tokenvend.adapters.dynamodb.credential_items import failure_in
from tokenvend.adapters.dynamodb.presentation_items import build_presentation, parse_presentation
from tokenvend.adapters.encryption import EnvelopeCipher, Sealed, UntrustedItemError
from tokenvend.domain.cache_key import TokenSpec, one_or_several
from tokenvend.domain.lease import Lease
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken, LifetimeSource, SecretStage
from tokenvend.domain.untrusted import Distrust, OnUntrusted
from tokenvend.ports import TokenItem

#: How long an item is stored after its newest part has expired. TTL deletes have no condition.
TTL_MARGIN = timedelta(hours=1)


TOKEN_PREFIX = "token#"
_NEVER_NONE = frozenset({"credential", "definition", "scopes"})


def token_pk(key: str) -> str:
    """Return the partition key of the token with the cache key *key*."""
    return TOKEN_PREFIX + key


def seal_token(
    cipher: EnvelopeCipher, pk: str, token: AccessToken, spec: TokenSpec, *, now: datetime
) -> Item:
    """Build the values that store *token*: `:token`, `:wrapped_key` and `:token_ttl`.

    Raises:
        StoreAwayError: no data key is available.
    """
    document = {
        "access_token": token.access_token.reveal(),
        "scopes": sorted(token.scopes),
        "requested_at": token.requested_at.timestamp(),
        "expires_at": token.expires_at.timestamp(),
        "secret_generation": token.secret_generation,
        "lifetime_source": token.lifetime_source.value,
        "secret_stage": token.secret_stage.value,
        "forced": token.forced,
        "repeated": token.repeated,
        "spec": _spec_document(spec),
        **build_presentation(token.sent_as),
    }
    sealed = cipher.seal(pk, json.dumps(document).encode(), now=now)
    return {
        ":token": {"B": sealed.ciphertext},
        ":wrapped_key": {"B": sealed.wrapped_key},
        ":token_ttl": ttl_value(token),
    }


def ttl_value(token: AccessToken) -> Item:
    """Return the TTL of *token*, which also identifies the token among those of one key."""
    return number(_ttl_of(token))


def lease_values(lease: Lease) -> Item:
    """Build the values that store *lease*: `:lease_id`, `:done` and `:deadline`."""
    return {
        ":lease_id": {"S": lease.lease_id},
        ":done": number(lease.expected_done_at.timestamp()),
        ":deadline": number(lease.deadline_at.timestamp()),
    }


class TokenItemParser:
    """Parses stored items, and leaves out the parts that cannot be trusted."""

    def __init__(self, cipher: EnvelopeCipher, on_untrusted: OnUntrusted) -> None:
        self._cipher = cipher
        self._on_untrusted = on_untrusted

    def parse(self, item: Item) -> TokenItem:
        """Parse *item*. A part that cannot be trusted is reported to *on_untrusted* and left out.

        Raises:
            StoreAwayError: KMS did not answer, so the item cannot be decrypted.
        """
        pk = text_of(item, "pk") or ""
        token, spec = self._token(pk, item) or (None, None)
        return TokenItem(
            token=token,
            lease=self._lease(pk, item),
            failure=failure_in(item, pk, self._on_untrusted),
            spec=spec,
            is_in_use="due" in item,
            is_rejected="rejected" in item and item["rejected"] == item.get("token_ttl"),
        )

    def _token(self, pk: str, item: Item) -> tuple[AccessToken, TokenSpec] | None:
        ciphertext, wrapped_key = bytes_of(item, "token"), bytes_of(item, "wrapped_key")
        if ciphertext is None or wrapped_key is None:
            return None
        try:
            document = documents.parse(self._cipher.open(pk, Sealed(ciphertext, wrapped_key)))
            token, spec = _parse_token(document), _parse_spec(document)
        except UntrustedItemError as error:
            self._on_untrusted(pk, error.reason)
            return None
        except (KeyError, TypeError, ValueError):
            # The item is authentic, but not in the form that this version writes.
            self._on_untrusted(pk, Distrust.MALFORMED)
            return None
        if not _ttl_agrees(item, token):
            self._on_untrusted(pk, Distrust.REPLAYED)
            return None
        return token, spec

    def _lease(self, pk: str, item: Item) -> Lease | None:
        lease_id = text_of(item, "lease_id")
        if lease_id is None:
            return None
        done, deadline = number_of(item, "lease_done_at"), number_of(item, "lease_deadline_at")
        try:
            return Lease(
                lease_id=lease_id,
                expected_done_at=instant_of(done or 0.0),
                deadline_at=instant_of(deadline or 0.0),
            )
        except ValueError:
            # Conditions still compare this lease, so it is parsed: with a deadline in the past.
            self._on_untrusted(pk, Distrust.MALFORMED)
            return Lease(
                lease_id=lease_id, expected_done_at=instant_of(0.0), deadline_at=instant_of(0.0)
            )


def _parse_token(document: documents.Fields) -> AccessToken:
    return AccessToken(
        access_token=Secret(documents.text(document, "access_token")),
        scopes=documents.texts(document, "scopes"),
        requested_at=instant_of(documents.number(document, "requested_at")),
        expires_at=instant_of(documents.number(document, "expires_at")),
        secret_generation=documents.any_text(document, "secret_generation"),
        lifetime_source=LifetimeSource(documents.text(document, "lifetime_source")),
        secret_stage=SecretStage(documents.text(document, "secret_stage")),
        forced=documents.flag(document, "forced"),
        repeated=documents.flag(document, "repeated"),
        sent_as=parse_presentation(document),
    )


def _spec_document(spec: TokenSpec) -> dict[str, object]:
    """Build the document of *spec*. A single resource is a text, as older versions write it."""
    document = asdict(spec) | {"scopes": sorted(spec.scopes)}
    if spec.user is None:
        # Versions before user tokens do not know this field.
        del document["user"]
    del document["resources"]
    return document | {"resource": one_or_several(spec.resources)}


def _parse_spec(document: documents.Fields) -> TokenSpec:
    spec = documents.mapping(document, "spec")
    others = spec.keys() - _NEVER_NONE - {"resource"}
    narrowing = {name: _text_or_none(spec, name) for name in others}
    return TokenSpec(
        credential=documents.any_text(spec, "credential"),
        definition=documents.any_text(spec, "definition"),
        scopes=documents.texts(spec, "scopes"),
        resources=_resources(spec),
        **narrowing,
    )


def _resources(spec: documents.Fields) -> tuple[str, ...]:
    match spec.get("resource"):
        case None:
            return ()
        case list():
            return documents.ordered_texts(spec, "resource")
        case _:
            return (documents.any_text(spec, "resource"),)


def _text_or_none(spec: documents.Fields, name: str) -> str | None:
    return None if spec[name] is None else documents.any_text(spec, name)


def _ttl_of(token: AccessToken) -> int:
    return int((token.expires_at + TTL_MARGIN).timestamp())


def _ttl_agrees(item: Item, token: AccessToken) -> bool:
    expected = _ttl_of(token)
    if number_of(item, "token_ttl") != expected:
        return False
    is_prolonged = "lease_id" in item or "failure" in item
    return is_prolonged or number_of(item, "ttl") == expected
