"""The parameters of a token exchange (RFC 8693 §2.1), and what is said of wrong ones."""

from typing import Any

import pytest

from tokenvend.domain.errors import InvalidRequestError
from tokenvend.domain.secret import Secret
from tokenvend.domain.workload.exchange_request import SubjectToken, parse_subject_token

ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
GOOD = {"subject_token": "a.b.c", "subject_token_type": JWT}


@pytest.mark.parametrize(
    "changes",
    [{}, {"subject_token_type": ID_TOKEN}, {"requested_token_type": ACCESS_TOKEN}],
    ids=str,
)
def test_both_types_of_jwt_are_taken(changes: dict[str, Any]) -> None:
    assert parse_subject_token(GOOD | changes) == SubjectToken(Secret("a.b.c"))


@pytest.mark.parametrize(
    ("changes", "name", "text"),
    [
        ({"subject_token": None}, "subject_token", "is needed: a signed JWT."),
        ({"subject_token": "a.\u00e9.c"}, "subject_token", "is needed: a signed JWT."),
        (
            {"subject_token_type": ACCESS_TOKEN},
            "subject_token_type",
            f"must be one of {ID_TOKEN}, {JWT}.",
        ),
        ({"requested_token_type": JWT}, "requested_token_type", f"can only be {ACCESS_TOKEN}."),
        ({"actor_token": "a.b.c"}, "actor_token", "is not supported: leave it out."),
        ({"actor_token_type": JWT}, "actor_token_type", "is not supported: leave it out."),
    ],
    ids=str,
)
def test_a_refusal_names_the_parameter_and_what_would_be_right(
    changes: dict[str, Any], name: str, text: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_subject_token(GOOD | changes)

    assert caught.value.rule == f"request.{name}"
    assert str(caught.value) == f"{name} {text}"
