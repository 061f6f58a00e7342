"""Whom a user's token is about, until when, and that it proves no caller."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.issuer import (
    AUDIENCE,
    SUBJECT,
    TRUSTED,
    URL,
    FakeIssuer,
    InMemoryTrustedIssuers,
    encoded,
    new_key,
    users_of,
    workloads_of,
)

from tokenvend.domain.errors import SubjectTokenError, TemporarilyUnavailableError
from tokenvend.domain.identity import EntryPoint
from tokenvend.domain.secret import Secret
from tokenvend.domain.users import User, UserToken
from tokenvend.domain.workload.exchange_request import SubjectToken
from tokenvend.domain.workload.issuer import TrustedIssuer
from tokenvend.ports import StoreAwayError

OF_USERS = replace(TRUSTED, of_users=True)


class Place:
    """A deployment that trusts one issuer."""

    def __init__(self, issuer: TrustedIssuer = OF_USERS) -> None:
        self.clock = FakeClock()
        self.registry = InMemoryTrustedIssuers()
        self.registry.trust(issuer)
        self.users = users_of(self.registry, self.clock)
        self.issuer = FakeIssuer(self.clock.now())

    def verify(self, token: Secret) -> tuple[User, UserToken]:
        return self.users.verify(SubjectToken(token))

    def refused_by(self, token: Secret) -> str:
        with pytest.raises(SubjectTokenError) as caught:
            self.verify(token)
        return caught.value.rule


@pytest.mark.parametrize(
    ("claims", "lasts"),
    [
        pytest.param({}, 300, id="until it expires"),
        pytest.param({"exp": 4_000_000_000}, 600, id="until it is too old"),
    ],
)
def test_token_says_who_and_until_when(claims: dict[str, Any], lasts: float) -> None:
    place = Place()
    token = place.issuer.token(**claims)

    user, user_token = place.verify(token)

    assert user == User(URL, SUBJECT, AUDIENCE)
    assert user.token_id == "token-1"
    assert user_token == UserToken(token, place.clock.now() + timedelta(seconds=lasts))


def test_audience_is_told_for_the_grant_to_judge() -> None:
    place = Place()

    assert place.verify(place.issuer.token(aud="another-app"))[0].audience == "another-app"
    for odd in (["one", "two"], [], None, 7):
        assert place.refused_by(place.issuer.token(aud=odd)) == "subject_token.audience"


def test_users_token_proves_no_caller_whatever_the_rules_say() -> None:
    place = Place()

    with pytest.raises(SubjectTokenError) as caught:
        workloads_of(place.registry, place.clock).prove(
            SubjectToken(place.issuer.token()), EntryPoint.OAUTH2
        )

    assert caught.value.rule == "subject_token.issuer_known"


def test_workloads_token_is_about_no_user() -> None:
    place = Place(TRUSTED)

    assert place.refused_by(place.issuer.token()) == "subject_token.issuer_known"


def test_token_that_the_issuer_did_not_sign_says_nothing() -> None:
    place = Place()
    forged = replace(place.issuer, key=new_key("ES256"))
    unsigned = Secret(
        f"{encoded(b'{"alg":"none"}')}.{place.issuer.token().reveal().split('.')[1]}.AA"
    )

    assert place.refused_by(forged.token()) == "subject_token.signature"
    assert place.refused_by(unsigned) == "subject_token.algorithm"
    assert place.refused_by(place.issuer.token(iss=URL + "/")) == "subject_token.issuer_known"


def test_registry_that_is_away_is_no_refusal() -> None:
    place = Place()
    place.registry.fails_with = StoreAwayError("away")

    with pytest.raises(TemporarilyUnavailableError):
        place.verify(place.issuer.token())
