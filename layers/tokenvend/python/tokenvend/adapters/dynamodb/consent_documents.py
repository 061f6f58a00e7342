"""A consent as a JSON document, which is encrypted whole."""

import json
from collections.abc import Mapping
from typing import Any

from tokenvend.adapters.dynamodb import documents
from tokenvend.domain.connection import Consent
from tokenvend.domain.secret import Secret
from tokenvend.domain.tenant_binding import TenantBinding


def consent_document(consent: Consent) -> dict[str, object]:
    """Build the document of *consent*."""
    expires_at = consent.refresh_expires_at
    agreed = consent.agreed_scopes
    tenant = {} if consent.tenant is None else {"tenant": build_binding(consent.tenant)}
    return tenant | {
        "consent_id": consent.consent_id,
        "refresh_token": consent.refresh_token.reveal(),
        "scopes": sorted(consent.scopes),
        "account": consent.account,
        "connected_at": consent.connected_at.isoformat(),
        "refreshed_at": consent.refreshed_at.isoformat(),
        "refresh_expires_at": None if expires_at is None else expires_at.isoformat(),
        **({} if agreed is None else {"agreed_scopes": sorted(agreed)}),
    }


def parse_consent(document: documents.Fields) -> Consent:
    """Parse what `consent_document` built.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
    """
    expires = documents.optional_text(document, "refresh_expires_at")
    return Consent(
        consent_id=documents.text(document, "consent_id"),
        refresh_token=Secret(documents.text(document, "refresh_token")),
        scopes=documents.texts(document, "scopes"),
        account=documents.optional_text(document, "account"),
        connected_at=documents.instant(document, "connected_at"),
        refreshed_at=documents.instant(document, "refreshed_at"),
        refresh_expires_at=(
            None if expires is None else documents.instant(document, "refresh_expires_at")
        ),
        agreed_scopes=documents.optional_texts(document, "agreed_scopes"),
        tenant=parse_binding(document),
    )


def build_binding(binding: TenantBinding) -> dict[str, Any]:
    """Build the part of a document from *binding*."""
    return {"values": dict(binding.values), "host": binding.host}


def parse_binding(document: documents.Fields) -> TenantBinding | None:
    """Parse what `build_binding` built; `None` if the document has none. Older ones have none.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
    """
    if document.get("tenant") is None:
        return None
    part = documents.mapping(document, "tenant")
    return TenantBinding(documents.texts_by_name(part, "values"), documents.text(part, "host"))


def encode(document: Mapping[str, object]) -> bytes:
    """Encode *document* as JSON, without escapes for characters outside of ASCII.

    So it is no longer than the provider's response, whose size is bounded, and a consent and a
    pending one fit into one item, whatever characters their tokens have.
    """
    return json.dumps(document, ensure_ascii=False).encode()
