"""Whose connection a caller may name."""

from dataclasses import replace

import pytest
from tests.fakes.rotating_provider import RotatingProvider
from tests.unit.consent.refreshing import CONSENT, DEFINITION, GRANT, KEY, Refreshing
from tests.unit.consent.vending_connections import REQUEST, refused_by, vend

from tokenvend.domain.connection import Connection, ConnectionKey
from tokenvend.domain.credential_definition import CredentialKind
from tokenvend.domain.errors import (
    ConsentRequiredError,
    InvalidRequestError,
)
from tokenvend.domain.registry import ALL_CONNECTIONS
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret

THEIRS = ConnectionKey(credential="jobs", owner="payroll", name="acme")


def test_a_request_must_name_its_connection() -> None:
    assert refused_by(Refreshing(), VendRequest("jobs")) == (InvalidRequestError, Rule.CONNECTION)


def test_a_credential_without_consents_has_no_connections() -> None:
    harness = Refreshing(
        definition=replace(DEFINITION, kind=CredentialKind.CLIENT_CREDENTIALS, authorization=None)
    )

    assert refused_by(harness) == (InvalidRequestError, Rule.CONNECTION)


def test_anothers_connection_looks_like_one_that_is_not_there() -> None:
    harness = Refreshing()
    harness.connections.seed(Connection(key=THEIRS, consent=CONSENT, number=1))
    texts = set()

    for name in ("payroll/acme", "payroll/no-such", "no-such"):
        with pytest.raises(ConsentRequiredError) as caught:
            vend(harness, replace(REQUEST, connection=name))
        texts.add((caught.value.code, caught.value.description))

    assert len(texts) == 1
    assert harness.rotating.requests == []


@pytest.mark.parametrize("connections", [ALL_CONNECTIONS, frozenset({"payroll/acme"})])
def test_a_grant_may_reach_anothers_connection(connections: frozenset[str]) -> None:
    harness = Refreshing(grant=replace(GRANT, connections=connections))
    harness.connections.delete(KEY)
    harness.connections.seed(Connection(key=THEIRS, consent=CONSENT, number=1))

    vended = vend(harness, replace(REQUEST, connection="payroll/acme"))

    assert vended.decision.spec.connection_owner == "payroll"


def test_a_connection_of_the_same_name_is_another_owners_own() -> None:
    harness = Refreshing(grant=replace(GRANT, connections=ALL_CONNECTIONS))
    other = replace(CONSENT, consent_id="consent-2", refresh_token=Secret("refresh-1"))
    harness.connections.seed(Connection(key=THEIRS, consent=other, number=1))
    mine = vend(harness)
    harness.provider = RotatingProvider()  # type: ignore[assignment]

    theirs = vend(harness, replace(REQUEST, connection="payroll/acme"))

    assert mine.decision.key != theirs.decision.key


def test_the_callers_own_connection_can_be_named_in_full() -> None:
    harness = Refreshing()

    assert vend(harness, replace(REQUEST, connection="billing/acme")).decision.key == (
        vend(harness).decision.key
    )
