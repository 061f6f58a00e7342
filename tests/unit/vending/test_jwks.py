"""Which keys are published, and for how long an old answer is good."""

from datetime import timedelta

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.published_keys import FakePublicKeys, FakePublishedKeys

from tokenvend.domain.signing import KmsKey, PublishedKey, SigningAlgorithm
from tokenvend.ports import StoreAwayError
from tokenvend.vending.jwks import JwksPublisher

ONE = PublishedKey("arn:aws:kms:eu-central-1:111122223333:key/one", SigningAlgorithm.ES256)
NEXT = PublishedKey("arn:aws:kms:eu-central-1:111122223333:key/next", SigningAlgorithm.ES256)


class World:
    """One environment that publishes."""

    def __init__(self, *keys: PublishedKey) -> None:
        self.published, self.public = FakePublishedKeys(list(keys)), FakePublicKeys()
        for key in keys:
            self.public.add(key)
        self.clock, self.unusable = FakeClock(), list[str]()
        self.publisher = JwksPublisher(
            published=self.published,
            public=self.public,
            clock=self.clock,
            on_unusable=self.unusable.append,
        )

    def key_ids(self) -> list[str]:
        return [jwk["kid"] for jwk in self.publisher.jwks()["keys"]]


def test_both_keys_of_a_rotation_are_published() -> None:
    world = World(ONE, NEXT)

    assert world.key_ids() == [KmsKey(ONE.arn).key_id, KmsKey(NEXT.arn).key_id]


def test_nothing_to_publish_is_an_empty_set() -> None:
    assert World().publisher.jwks() == {"keys": []}


def test_answer_is_remembered_for_five_minutes_and_not_longer() -> None:
    world = World(ONE)
    world.key_ids()
    world.published.keys.append(NEXT)
    world.public.add(NEXT)

    world.clock.advance(timedelta(seconds=299))
    within, reads = world.key_ids(), world.published.reads
    world.clock.advance(timedelta(seconds=1))

    assert (len(within), reads) == (1, 1)
    assert len(world.key_ids()) == 2


def test_key_that_is_gone_does_not_take_the_others_with_it() -> None:
    world = World(ONE, NEXT)
    del world.public.known[NEXT.arn]

    assert world.key_ids() == [KmsKey(ONE.arn).key_id]
    assert world.unusable == ["The key does not exist."]


@pytest.mark.parametrize("who", ["published", "public"])
def test_last_answer_stands_in_while_aws_is_away(who: str) -> None:
    world = World(ONE)
    before = world.key_ids()
    world.clock.advance(timedelta(hours=1))
    getattr(world, who).is_away = True

    assert world.key_ids() == before


@pytest.mark.parametrize("who", ["published", "public"])
def test_without_a_last_answer_aws_away_is_told(who: str) -> None:
    world = World(ONE)
    getattr(world, who).is_away = True

    with pytest.raises(StoreAwayError):
        world.publisher.jwks()
