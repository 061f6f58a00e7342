"""The key of a user's token: no other field and no other user leads to it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.users import User

SPEC = TokenSpec(credential="mail", definition="d" * 64, scopes=frozenset({"read"}))
texts = st.text(min_size=1, max_size=8)
users = st.builds(User, texts, texts, texts)


@given(users, users)
def test_two_users_have_two_keys(one: User, other: User) -> None:
    keys = {replace(SPEC, user=each.key).key() for each in (one, other)}

    assert len(keys) == (1 if one == other else 2)


@given(texts)
def test_what_names_a_user_elsewhere_names_none(text: str) -> None:
    """A consent's id stands where a user would, and must not be taken for one."""
    of_user = replace(SPEC, user=text).key()

    assert of_user not in {
        SPEC.key(),
        replace(SPEC, consent=text).key(),
        replace(SPEC, caller=text).key(),
        replace(SPEC, connection=text).key(),
    }


def test_key_of_a_token_of_nobody_is_what_it_was() -> None:
    """Otherwise the next version would exchange anew for each stored token."""
    assert SPEC.key() == ("e1f2722e172cea9f22941405bce6b3e972b6c7ed51fabffab48d5f5c23cb90ec")


def test_key_of_a_users_token_stays_from_version_to_version() -> None:
    """Or the next version would not find the tokens of users that the table holds."""
    of_user = replace(SPEC, user="u" * 64)

    assert of_user.key() == "6730b16aa1392c22dbcf6f64f504a2f55a434b102cf7eb15122d66187132e5a3"
