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


class Harness:
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
    harness = Harness(ONE, NEXT)

    assert harness.key_ids() == [KmsKey(ONE.arn).key_id, KmsKey(NEXT.arn).key_id]


def test_nothing_to_publish_is_an_empty_set() -> None:
    assert Harness().publisher.jwks() == {"keys": []}


def test_answer_is_remembered_for_five_minutes_and_not_longer() -> None:
    harness = Harness(ONE)
    harness.key_ids()
    harness.published.keys.append(NEXT)
    harness.public.add(NEXT)

    harness.clock.advance(timedelta(seconds=299))
    within, reads = harness.key_ids(), harness.published.reads
    harness.clock.advance(timedelta(seconds=1))

    assert (len(within), reads) == (1, 1)
    assert len(harness.key_ids()) == 2


def test_key_that_is_gone_does_not_take_the_others_with_it() -> None:
    harness = Harness(ONE, NEXT)
    del harness.public.known[NEXT.arn]

    assert harness.key_ids() == [KmsKey(ONE.arn).key_id]
    assert harness.unusable == ["The key does not exist."]


@pytest.mark.parametrize("who", ["published", "public"])
def test_last_answer_stands_in_while_aws_is_away(who: str) -> None:
    harness = Harness(ONE)
    before = harness.key_ids()
    harness.clock.advance(timedelta(hours=1))
    getattr(harness, who).is_away = True

    assert harness.key_ids() == before


@pytest.mark.parametrize("who", ["published", "public"])
def test_without_a_last_answer_aws_away_is_told(who: str) -> None:
    harness = Harness(ONE)
    getattr(harness, who).is_away = True

    with pytest.raises(StoreAwayError):
        harness.publisher.jwks()
