"""A user's connection: one name for each issuer and subject, which no request can say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenvend.domain.connection_request import Action, parse_connection_request
from tokenvend.domain.errors import InvalidRequestError, SubjectTokenError, TokenVendError
from tokenvend.domain.names import CONNECTION, TENANT
from tokenvend.domain.registry import SUBJECT_CONNECTIONS, Grant
from tokenvend.domain.request import RejectionReport, VendRequest, parse_vend_request
from tokenvend.domain.rule import Rule
from tokenvend.domain.users import (
    User,
    granted_user,
    is_picked_by_user,
    picked_connection,
    with_user,
)

STAFF = "https://staff.example"
ADA = User(STAFF, "ada", "app", token_id="one")
GRANT = Grant(
    caller="shop", credential="hiring", connections=SUBJECT_CONNECTIONS, users={STAFF: "app"}
)
texts = st.text(min_size=1, max_size=20)


def test_name_stays_the_same_from_version_to_version() -> None:
    """Or every user would have to consent again."""
    assert ADA.connection_name == "@CjDLQOkhn0QbBj8JXEYJYRZPztjPZktXHys_ZHQgVmw"


@given(texts, texts, texts, texts)
def test_two_users_have_two_names(iss: str, sub: str, other_iss: str, other_sub: str) -> None:
    same = (iss, sub) == (other_iss, other_sub)

    first, second = User(iss, sub, "app"), User(other_iss, other_sub, "app")

    assert (first.connection_name == second.connection_name) == same
    assert is_picked_by_user(first.connection_name)


@pytest.mark.parametrize(
    ("one", "another"), [(("a", "bc"), ("ab", "c")), (('a","b', "c"), ("a", 'b","c'))]
)
def test_issuer_and_subject_do_not_run_together(
    one: tuple[str, str], another: tuple[str, str]
) -> None:
    assert User(*one, "app").connection_name != User(*another, "app").connection_name


def test_nobody_can_say_such_a_name() -> None:
    name = ADA.connection_name

    assert TENANT.fullmatch(name) is None
    assert CONNECTION.fullmatch(name) is None
    assert CONNECTION.fullmatch(f"shop/{name}") is None
    for said in (name, f"shop/{name}"):
        with pytest.raises(InvalidRequestError):
            parse_vend_request("hiring", {"connection": said})
        with pytest.raises(InvalidRequestError):
            parse_connection_request(Action.INSPECT, "hiring", {"connection": said})


@pytest.mark.parametrize("name", ["ada", "@ada", "@" + "A" * 42, "@" + "A" * 44, "@" + "é" * 43])
def test_other_names_were_not_picked_by_a_user(name: str) -> None:
    assert not is_picked_by_user(name)


def test_token_id_and_audience_make_no_other_user_of_one() -> None:
    again = User(STAFF, "ada", "app", token_id="two")

    assert VendRequest("hiring", user=ADA) == VendRequest("hiring", user=again)
    assert len({VendRequest("hiring", user=ADA), VendRequest("hiring", user=again)}) == 1
    assert User(STAFF, "ada", "other").connection_name == ADA.connection_name
    assert VendRequest("hiring", user=User(STAFF, "ada", "other")) != VendRequest(
        "hiring", user=ADA
    )


@pytest.mark.parametrize(
    ("user", "error", "rule"),
    [
        (None, InvalidRequestError, Rule.SUBJECT_TOKEN),
        (User(STAFF + "/", "ada", "app"), SubjectTokenError, Rule.USER_ISSUER),
        (User(STAFF, "ada", "app2"), SubjectTokenError, Rule.USER_AUDIENCE),
    ],
)
def test_user_that_the_grant_does_not_take(
    user: User | None, error: type[TokenVendError], rule: Rule
) -> None:
    with pytest.raises(error) as caught:
        granted_user(user, GRANT)

    assert caught.value.rule == rule


def test_no_token_is_taken_while_the_audience_is_not_known() -> None:
    grant = Grant(caller="shop", credential="hiring", users={STAFF: None})

    with pytest.raises(SubjectTokenError):
        granted_user(ADA, grant)


def test_tokens_for_two_audiences_are_kept_apart() -> None:
    assert User(STAFF, "ada", "other").key != ADA.key
    assert User(STAFF, "ada", "app", token_id="two").key == ADA.key


def test_user_that_the_grant_does_not_take_picks_no_connection() -> None:
    stranger = User("https://elsewhere.example", "ada", "app")

    with pytest.raises(SubjectTokenError) as caught:
        picked_connection(VendRequest("hiring", user=stranger), GRANT)

    assert caught.value.rule == Rule.USER_ISSUER
    assert picked_connection(VendRequest("hiring", user=ADA), GRANT) == ADA.connection_name


def test_name_beside_the_token_is_refused() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        picked_connection(VendRequest("hiring", connection="ada", user=ADA), GRANT)

    assert caught.value.rule == Rule.CONNECTION


def test_each_kind_of_request_is_for_its_user() -> None:
    start = parse_connection_request(
        Action.START, "hiring", {"return_url": "https://shop.example/"}, for_user=True
    )
    vend = VendRequest("hiring")

    for request in (vend, start):
        for_ada = with_user(request, ADA)
        assert isinstance(for_ada, type(request))
        assert for_ada.connection_name == ADA.connection_name
    assert start.connection_name is None
    assert with_user(RejectionReport(vend, "0" * 64), ADA) == RejectionReport(
        VendRequest("hiring", user=ADA), "0" * 64
    )
