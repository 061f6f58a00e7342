"""A consent's document comes back as it was, and a former version's without its newer fields."""

from dataclasses import replace
from typing import Any

import pytest
from tests.adapters.connection_samples import consent

from tokenvend.adapters.dynamodb.consent_documents import (
    build_binding,
    consent_document,
    encode,
    parse_binding,
    parse_consent,
)
from tokenvend.adapters.dynamodb.documents import MalformedDocumentError, parse
from tokenvend.domain.connection import Consent
from tokenvend.domain.tenant_binding import TenantBinding

THERE = TenantBinding({"domain": "acme.shops.example"}, "acme.shops.example")
CONSENT = consent()


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(CONSENT, id="with a date at which the refresh token ends"),
        pytest.param(replace(CONSENT, refresh_expires_at=None), id="without"),
        pytest.param(replace(CONSENT, account=None), id="of an unknown account"),
        pytest.param(replace(CONSENT, agreed_scopes=frozenset({"b", "a"})), id="agreed scopes"),
        pytest.param(replace(CONSENT, tenant=THERE), id="at a host of its own"),
    ],
)
def test_a_consent_comes_back_as_it_was(stored: Consent) -> None:
    assert parse_consent(parse(encode(consent_document(stored)))) == stored


def test_a_former_versions_consent_has_no_newer_fields() -> None:
    document = consent_document(CONSENT)

    assert document.keys().isdisjoint({"tenant", "agreed_scopes"})


@pytest.mark.parametrize(
    "field",
    ["consent_id", "refresh_token", "scopes", "connected_at", "refreshed_at"],
)
def test_a_consent_that_lacks_a_field_is_refused_by_its_name(field: str) -> None:
    document = consent_document(CONSENT)
    del document[field]

    with pytest.raises(MalformedDocumentError, match=f"^{field} is not "):
        parse_consent(document)


@pytest.mark.parametrize("field", ["values", "host"])
def test_a_host_of_its_own_that_lacks_a_field_is_refused_by_its_name(field: str) -> None:
    binding: dict[str, Any] = build_binding(THERE)
    del binding[field]

    with pytest.raises(MalformedDocumentError, match=f"^{field} is not "):
        parse_binding({"tenant": binding})
