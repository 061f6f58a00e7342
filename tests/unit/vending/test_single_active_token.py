"""A provider that voids the old token when it issues a new one."""

from dataclasses import replace
from datetime import timedelta

from tests.unit.vending.harness import DEFINITION, GRANT, READ, Harness

from tokenvend.domain.answer import Source
from tokenvend.domain.credential_definition import ScopeMode

SINGLE = replace(DEFINITION, scopes=READ, scope_mode=ScopeMode.FIXED, single_active_token=True)


def harness() -> Harness:
    return Harness(definition=SINGLE, grant=replace(GRANT, scopes=READ))


def test_no_environment_answers_the_voided_token_from_memory() -> None:
    shared = harness()
    first, second = shared.environment(), shared.environment()
    shared.vend(first)
    shared.vend(second)
    shared.clock.advance(timedelta(seconds=1800 * 0.92))

    replaced = shared.vend(first).answer
    answered = shared.vend(second).answer

    assert replaced.source is Source.PROVIDER
    assert answered.token.access_token == replaced.token.access_token


def test_renewal_is_seen_by_the_next_request_of_every_environment() -> None:
    shared = harness()
    environments = [shared.environment() for _ in range(3)]
    for environment in environments:
        shared.vend(environment)
        shared.clock.advance(timedelta(seconds=1800 * 0.2))
    shared.clock.advance(timedelta(seconds=1800 * 0.2))

    shared.parts().renew_all()

    tokens = {shared.vend(each).answer.token.access_token for each in environments}
    assert len(tokens) == 1
    assert shared.provider.exchanges == 2


def test_holder_that_was_overtaken_answers_the_token_that_is_active() -> None:
    shared = harness()
    overtaking = shared.environment()

    def overtake(_: object) -> None:
        item = shared.tokens.read(key)
        assert item.lease is not None
        shared.tokens.put_token(key, shared_token, spec=spec, lease=item.lease)

    vended = shared.vend(overtaking)
    key, spec, shared_token = vended.decision.key, vended.decision.spec, vended.answer.token
    shared.clock.advance(timedelta(seconds=1800))
    later = replace(shared_token, expires_at=shared.clock.now() + timedelta(seconds=900))
    shared_token = later
    shared.provider.before_answer = overtake

    answer = shared.vend(shared.environment()).answer

    assert answer.token == later
