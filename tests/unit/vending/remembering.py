"""Memory with one vend in it."""

from datetime import datetime, timedelta

from tests.fakes.clock import START
from tests.unit.vending.harness import BILLING, DEFINITION, GRANT, REQUEST

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.decision import Decision, decide
from tokenvend.domain.registry import Caller, RegistryView
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.vending.memory import Memory, Remembered

TRUST = timedelta(seconds=30)


def memory() -> Memory:
    return Memory(trust=TRUST, outage_grace=timedelta(seconds=900))


def token_of(life: timedelta = timedelta(hours=1), value: str = "a-token") -> AccessToken:
    return AccessToken(
        access_token=Secret(value),
        scopes=GRANT.scopes,
        requested_at=START,
        expires_at=START + life,
    )


def remember(
    held: Memory,
    token: AccessToken,
    *,
    request: VendRequest = REQUEST,
    definition: CredentialDefinition = DEFINITION,
    checked_at: datetime = START,
) -> tuple[Remembered, Decision]:
    view = RegistryView(caller=Caller(name="billing"), grant=GRANT, definition=definition)
    decision = decide(BILLING, request, view, now=START)
    held.remember((BILLING.identity, request), view, decision, token, checked_at=checked_at)
    remembered = held.recall((BILLING.identity, request))
    assert remembered is not None
    return remembered, decision
