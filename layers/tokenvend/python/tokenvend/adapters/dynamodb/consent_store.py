"""Store consent sessions in the tokens table, each under the SHA-256 of its ticket.

| attribute                | holds                                       |
|--------------------------|---------------------------------------------|
| `pk`                     | `consent#<sha256 of the ticket>`            |
| `session`, `wrapped_key` | the sealed session and its wrapped data key |
| `taken_by`               | the random mark of the use of the ticket    |
| `ttl`                    | when DynamoDB may delete it                 |

A ticket is used up by writing `taken_by` on the condition that it is absent. If botocore repeats a
write that had succeeded, the item holds our own mark, which shows that the first write succeeded.
"""

import json
from typing import Any
from uuid import uuid4

from tokenvend.adapters.aws_errors import store_errors
from tokenvend.adapters.dynamodb import documents
from tokenvend.adapters.dynamodb.attributes import Item, bytes_of, number, text_of
from tokenvend.adapters.dynamodb.conditional_update import update_item
from tokenvend.adapters.dynamodb.consent_documents import build_binding, parse_binding
from tokenvend.adapters.dynamodb.sealed_table import SealedTable
from tokenvend.adapters.dynamodb.token_items import TTL_MARGIN
from tokenvend.adapters.encryption import Sealed, UntrustedItemError
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.consent import BrowserFlow, ConsentSession
from tokenvend.domain.secret import Secret
from tokenvend.domain.untrusted import Distrust

_EXISTS = "attribute_exists(pk)"
_IS_UNUSED = "attribute_not_exists(taken_by)"


class DynamoDbConsentSessionStore:
    """`ports.ConsentSessionStore` on the tokens table."""

    def __init__(self, table: SealedTable) -> None:
        self._table = table

    def put(self, ticket: Secret, session: ConsentSession) -> None:
        """See `ports.ConsentSessionStore`."""
        pk = _pk(ticket)
        plaintext = json.dumps(_document(session)).encode()
        sealed = self._table.cipher.seal(pk, plaintext, now=self._table.clock.now())
        item: Item = {
            "pk": {"S": pk},
            "session": {"B": sealed.ciphertext},
            "wrapped_key": {"B": sealed.wrapped_key},
            "ttl": number(int((session.expires_at + TTL_MARGIN).timestamp())),
        }
        with store_errors("dynamodb:PutItem"):
            self._table.client.put_item(TableName=self._table.name, Item=item)

    def read(self, ticket: Secret) -> ConsentSession | None:
        """See `ports.ConsentSessionStore`."""
        with store_errors("dynamodb:GetItem"):
            answer = self._table.client.get_item(
                TableName=self._table.name, Key={"pk": {"S": _pk(ticket)}}, ConsistentRead=True
            )
        item: Item | None = answer.get("Item")
        if item is None or "taken_by" in item:
            return None
        return self._parse(_pk(ticket), item)

    def take(self, ticket: Secret) -> ConsentSession | None:
        """See `ports.ConsentSessionStore`."""
        mark = uuid4().hex
        _, item = update_item(
            self._table.client,
            table=self._table.name,
            pk=_pk(ticket),
            change="SET taken_by = :mark",
            condition=f"{_EXISTS} AND {_IS_UNUSED}",
            values={":mark": {"S": mark}},
        )
        if item is None or text_of(item, "taken_by") != mark:
            return None
        return self._parse(_pk(ticket), item)

    def _parse(self, pk: str, item: Item) -> ConsentSession | None:
        sealed = Sealed(bytes_of(item, "session") or b"", bytes_of(item, "wrapped_key") or b"")
        try:
            return _session(documents.parse(self._table.cipher.open(pk, sealed)))
        except UntrustedItemError as error:
            self._table.on_untrusted(pk, error.reason)
        except ValueError:
            self._table.on_untrusted(pk, Distrust.MALFORMED)
        return None


def _pk(ticket: Secret) -> str:
    return f"consent#{ticket.sha256}"


def _document(session: ConsentSession) -> dict[str, Any]:
    document: dict[str, Any] = {
        "identity": session.identity,
        "credential": session.key.credential,
        "owner": session.key.owner,
        "connection": session.key.name,
        "scopes": sorted(session.scopes),
        "return_url": session.return_url,
        "expires_at": session.expires_at.isoformat(),
    }
    if session.tenant is not None:
        document["tenant"] = build_binding(session.tenant)
    if session.flow is not None:
        document["flow"] = {
            "browser_sha256": session.flow.browser_sha256,
            "code_verifier": session.flow.code_verifier.reveal(),
        }
    return document


def _session(document: documents.Fields) -> ConsentSession:
    flow = None
    if "flow" in document:
        fields = documents.mapping(document, "flow")
        flow = BrowserFlow(
            browser_sha256=documents.sha256(fields, "browser_sha256"),
            code_verifier=Secret(documents.text(fields, "code_verifier")),
        )
    return ConsentSession(
        identity=documents.text(document, "identity"),
        key=ConnectionKey(
            credential=documents.text(document, "credential"),
            owner=documents.text(document, "owner"),
            name=documents.text(document, "connection"),
        ),
        scopes=documents.texts(document, "scopes"),
        return_url=documents.text(document, "return_url"),
        expires_at=documents.instant(document, "expires_at"),
        flow=flow,
        tenant=parse_binding(document),
    )
