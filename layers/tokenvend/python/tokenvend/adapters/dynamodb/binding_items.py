"""Build and parse the part of a sealed document that names a connection's customer host."""

from typing import Any

from tokenvend.adapters.dynamodb import documents
from tokenvend.domain.tenant_binding import TenantBinding


def build_binding(binding: TenantBinding) -> dict[str, Any]:
    """Build the part of a document from *binding*."""
    return {"values": dict(binding.values), "host": binding.host}


def parse_binding(document: documents.Fields) -> TenantBinding | None:
    """Parse what `build_binding` built; `None` if the document has none, as an older one.

    Raises:
        MalformedDocumentError: a required field is missing or has the wrong type.
    """
    if document.get("tenant") is None:
        return None
    part = documents.mapping(document, "tenant")
    return TenantBinding(documents.texts_by_name(part, "values"), documents.text(part, "host"))
