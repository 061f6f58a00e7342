"""Which scopes a consent's token carries, what is only observed of them, and who completes it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.fakes.clock import START
from tests.unit.consent.refreshing import CONSENT, DEFINITION, FIXED, GRANT, KEY

from tokenvend.domain.connection import CannotComplete, Connection, PendingConsent, complete
from tokenvend.domain.connection_decision import decide_connection
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.decision import Decision, decide
from tokenvend.domain.errors import ConsentRequiredError, InvalidScopeError
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.registry import Caller, Grant, Observation, RegistryView
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret

READ, MANAGE = frozenset({"jobs_read"}), frozenset({"jobs_manage"})
BOTH = READ | MANAGE
PROOF = Proof(EntryPoint.IAM, "iam:111122223333:role/billing")
REQUEST = VendRequest("jobs", connection="acme")
CODE = Secret("a-one-time-code")
UNTIL = START + timedelta(days=1)
OBSERVES = replace(GRANT, scopes=READ, observation=Observation(scopes=MANAGE, until=UNTIL))


def decided(
    *,
    grant: Grant = GRANT,
    definition: CredentialDefinition = DEFINITION,
    request: VendRequest = REQUEST,
    consented: frozenset[str] = BOTH,
    now: datetime = START,
) -> Decision:
    view = RegistryView(caller=Caller(name="billing"), grant=grant, definition=definition)
    connection = Connection(key=KEY, consent=replace(CONSENT, scopes=consented), number=1)
    decision = decide(PROOF, request, view, now=now)
    return decide_connection(decision, request, connection, now=now)


def test_a_token_is_of_the_consent_that_stands() -> None:
    decision = decided(grant=replace(GRANT, scopes=READ))

    assert decision.spec.consent == CONSENT.consent_id
    assert decision.spec.scopes == READ
    assert decision.key == decision.spec.key()
    assert (decision.requested_scopes, decision.observed_scopes) == (frozenset(), frozenset())


def test_what_a_token_carries_beyond_the_grant_is_counted_until_the_observation_ends() -> None:
    narrowed = decided(grant=OBSERVES, request=replace(REQUEST, scopes=BOTH))
    fixed = decided(grant=OBSERVES, definition=FIXED)

    assert (narrowed.requested_scopes, narrowed.observed_scopes) == (BOTH, MANAGE)
    assert (fixed.spec.scopes, fixed.observed_scopes) == (BOTH, MANAGE)


def test_a_grant_of_all_observes_nothing() -> None:
    decision = decided(grant=replace(GRANT, scopes=READ, full_access=True), definition=FIXED)

    assert (decision.spec.scopes, decision.observed_scopes) == (BOTH, frozenset())


@pytest.mark.parametrize("now", [UNTIL, UNTIL + timedelta(days=1)])
def test_after_the_observation_such_a_token_is_refused(now: datetime) -> None:
    with pytest.raises(InvalidScopeError) as caught:
        decided(grant=OBSERVES, definition=FIXED, now=now)

    assert caught.value.rule == Rule.WHOLE_SCOPE
    assert caught.value.description == (
        "Tokens of this connection always carry all that its user consented to, and the grant"
        " does not cover jobs_manage."
    )


def test_what_nobody_named_needs_a_grant_of_all() -> None:
    with pytest.raises(InvalidScopeError) as caught:
        decided(consented=frozenset())

    assert caught.value.rule == Rule.FULL_ACCESS
    assert caught.value.description == (
        "It is not known to what the user consented: the grant needs full_access: true."
    )
    assert (
        decided(consented=frozenset(), grant=replace(GRANT, full_access=True)).spec.scopes
        == frozenset()
    )


def test_what_the_user_did_not_agree_to_is_named() -> None:
    with pytest.raises(ConsentRequiredError) as caught:
        decided(request=replace(REQUEST, scopes=BOTH), consented=READ)

    assert caught.value.rule == Rule.CONNECTION_SCOPES
    assert "consent to jobs_manage:" in caught.value.description


def pending(account: str | None) -> PendingConsent:
    consent = replace(CONSENT, account=account, consent_id="consent-2")
    return PendingConsent(consent=consent, code_sha256=CODE.sha256, expires_at=UNTIL)


def test_another_account_is_refused_unless_it_is_said_to_be_meant() -> None:
    connection = Connection(key=KEY, consent=CONSENT, number=3, pending=pending("user-8"))

    assert complete(connection, CODE, now=START) is CannotComplete.ANOTHER_ACCOUNT
    said = complete(connection, CODE, now=START, may_change_account=True)
    assert isinstance(said, Connection)
    assert said == Connection(key=KEY, consent=pending("user-8").consent, number=1)


@pytest.mark.parametrize(
    ("code", "now", "reason"),
    [
        (Secret("another-code"), START, CannotComplete.WRONG_CODE),
        (CODE, UNTIL, CannotComplete.EXPIRED),
        (Secret("another-code"), UNTIL, CannotComplete.WRONG_CODE),
    ],
)
def test_a_code_completes_its_own_consent_and_in_time(
    code: Secret, now: datetime, reason: CannotComplete
) -> None:
    connection = Connection(key=KEY, pending=pending("user-7"))

    assert complete(connection, code, now=now) is reason
    assert isinstance(complete(connection, CODE, now=UNTIL - timedelta(seconds=1)), Connection)
    assert complete(Connection(key=KEY), code, now=now) is CannotComplete.NOTHING_PENDING
