"""The part of a sealed document that says at which customer's host a connection is."""

from typing import Any

from tokenvend.adapters.dynamodb import documents
from tokenvend.domain.tenant_binding import TenantBinding


def build_binding(binding: TenantBinding) -> dict[str, Any]:
    """*binding* as a part of a document."""
    return {"values": dict(binding.values), "host": binding.host}


def parse_binding(document: documents.Fields) -> TenantBinding | None:
    """The reverse of `build_binding`; `None` where there is none, as in an older document.

    Raises:
        MalformedDocumentError: a field that is needed is missing or of another kind.
    """
    if document.get("tenant") is None:
        return None
    part = documents.mapping(document, "tenant")
    return TenantBinding(documents.texts_by_name(part, "values"), documents.text(part, "host"))
