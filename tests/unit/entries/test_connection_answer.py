"""What a caller gets to know of its connections."""

from dataclasses import replace
from datetime import timedelta

from tests.fakes.clock import START
from tests.unit.consent.refreshing import CONSENT, KEY

from tokenvend.consent.caller_connections import Disconnected, FoundConnections, StartedConsent
from tokenvend.domain.connection import Connection, PendingConsent
from tokenvend.domain.tenant_binding import TenantBinding
from tokenvend.entries.connection_answer import connection_answer

AT = int(START.timestamp())
ACTIVE = Connection(key=KEY, consent=CONSENT, number=1)
ACTIVE_FIELDS = {
    "connection": "acme",
    "status": "active",
    "scope": "jobs_manage jobs_read",
    "account": "user-7",
    "connected_at": AT,
    "refreshed_at": AT + 60,
    "refresh_expires_at": AT + 28 * 86_400,
}


def refreshed() -> Connection:
    consent = replace(CONSENT, refreshed_at=START + timedelta(seconds=60.9))
    return replace(ACTIVE, consent=consent)


def test_a_connection_that_was_started_says_where_the_user_goes_and_until_when() -> None:
    until = START + timedelta(seconds=600.9)

    assert connection_answer(StartedConsent(KEY, "https://connect.example/1", START, until)) == {
        "connection": "acme",
        "connect_url": "https://connect.example/1",
        "expires_in": 600,
        "expires_at": AT + 600,
    }


def test_a_connection_says_whose_account_it_is_and_what_it_may_do() -> None:
    assert connection_answer(refreshed()) == ACTIVE_FIELDS


def test_a_connection_at_a_customers_own_host_says_which() -> None:
    at_acme = TenantBinding({"domain": "acme.shops.example"}, "acme.shops.example")

    answer = connection_answer(replace(ACTIVE, consent=replace(CONSENT, tenant=at_acme)))

    assert answer["tenant.domain"] == "acme.shops.example"
    assert answer.keys() == ACTIVE_FIELDS.keys() | {"tenant.domain"}


def test_what_nobody_knows_of_a_consent_is_left_out_or_null() -> None:
    consent = replace(CONSENT, scopes=frozenset(), account=None, refresh_expires_at=None)

    answer = connection_answer(replace(ACTIVE, consent=consent, is_lost=True))

    assert answer == {
        "connection": "acme",
        "status": "consent_lost",
        "account": None,
        "connected_at": AT,
        "refreshed_at": AT,
        "refresh_expires_at": None,
    }


def test_a_consent_that_is_not_completed_is_not_the_callers_yet() -> None:
    pending = PendingConsent(consent=CONSENT, code_sha256="0" * 64, expires_at=START)

    answer = connection_answer(
        FoundConnections([Connection(key=KEY, pending=pending), refreshed()])
    )

    assert answer == {"connections": [{"connection": "acme", "status": "pending"}, ACTIVE_FIELDS]}


def test_a_connection_that_is_gone_says_whether_the_provider_knows() -> None:
    assert connection_answer(Disconnected(KEY, revoked=True)) == {
        "connection": "acme",
        "revoked": True,
    }
