"""The claims of a verified subject token at their limits, and what is said of those beyond."""

from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.clock import START
from tests.fakes.issuer import AUDIENCE, SUBJECT, URL

from tokenvend.domain.errors import SubjectTokenError
from tokenvend.domain.identity import Workload
from tokenvend.domain.workload.claims import VerifiedToken, check_claims
from tokenvend.domain.workload.issuer import TrustedIssuer

NOW = int(START.timestamp())


def check(*, one_time: bool = False, **changes: Any) -> VerifiedToken:
    """Check the claims of a good token, of which *changes* are changed, or left out if `None`."""
    issuer = TrustedIssuer(
        name="ci",
        issuer=URL,
        audience=AUDIENCE,
        algorithms=frozenset({"ES256"}),
        max_age=timedelta(hours=1),
        one_time=one_time,
    )
    good = {"iss": URL, "sub": SUBJECT, "aud": AUDIENCE, "exp": NOW + 60, "iat": NOW, "jti": "1"}
    claims = {name: each for name, each in (good | changes).items() if each is not None}
    return check_claims(claims, issuer, now=START)


def refused(**changes: Any) -> SubjectTokenError:
    with pytest.raises(SubjectTokenError) as caught:
        check(**changes)
    return caught.value


@pytest.mark.parametrize("length", [1, 2, 1023, 1024])
def test_a_subject_has_up_to_1024_characters(length: int) -> None:
    assert check(sub="a" * length).workload.subject == "a" * length
    assert refused(sub="a" * 1025).rule == "subject_token.sub"


@pytest.mark.parametrize("length", [1, 2, 255, 256])
def test_a_tokens_id_has_up_to_256_characters(length: int) -> None:
    assert check(jti="a" * length).workload.token_id == "a" * length
    assert refused(jti="a" * 257).rule == "subject_token.jti"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"sub": "a\tb"}, "The subject token has no well-formed sub."),
        ({"jti": ""}, "The subject token has no well-formed jti."),
        ({"exp": "soon"}, "The subject token has no exp that is an instant."),
        ({"iat": True}, "The subject token has no iat that is an instant."),
        ({"nbf": float("inf")}, "The subject token has no nbf that is an instant."),
        ({"exp": NOW}, "The subject token has expired."),
        ({"iat": NOW + 3600}, "The subject token is not valid yet."),
        (
            {"iat": NOW - 3601},
            "The subject token is too old: its iat is longer ago than max_age_seconds.",
        ),
        (
            {"aud": [AUDIENCE, "https://other.example"]},
            (
                "The subject token's aud must be the audience of its issuer in tokenvend.yaml, and"
                " no other."
            ),
        ),
        (
            {"jti": None, "one_time": True},
            "The subject token has no jti, which its issuer's tokens must have.",
        ),
    ],
    ids=str,
)
def test_a_refusal_says_which_claim_is_wrong(changes: dict[str, Any], text: str) -> None:
    assert str(refused(**changes)) == text


@pytest.mark.parametrize(
    "changes",
    [{"aud": "https://other.example"}, {"exp": NOW - 1}, {"iat": NOW - 3601}, {"iat": NOW + 3600}],
    ids=str,
)
def test_a_refusal_names_the_workload_for_the_audit_line(changes: dict[str, Any]) -> None:
    assert refused(**changes).workload == Workload(URL, SUBJECT, "1")


def test_a_token_is_accepted_up_to_its_greatest_age_and_no_longer() -> None:
    assert check(iat=NOW - 3600, exp=NOW + 60).holds_until == START
    assert refused(iat=NOW - 3601).rule == "subject_token.too_old"


def test_a_token_is_accepted_up_to_the_last_second_before_it_expires() -> None:
    assert check(exp=NOW + 1).holds_until == START + timedelta(seconds=1)
    assert refused(exp=NOW).rule == "subject_token.expired"
