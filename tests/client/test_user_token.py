"""A user's token is shown by no error, log or repr; it is that user's whatever its form."""

import copy
import json
import logging
import pickle

import pytest
from tests.client.secrets_shown import shown_by

from tokenvend_client import Client, TemporarilyUnavailableError
from tokenvend_client.testing import FakeTokenvend
from tokenvend_client.user_token import UserToken

RETURN_URL = "https://careers.example.com/connected"


def test_the_users_token_is_in_no_error_log_or_repr(
    fake: FakeTokenvend, client: Client, ada: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.go_away(retry_after_seconds=60)
    hiring = client.connections("hiring").of_user(ada)
    with pytest.raises(TemporarilyUnavailableError) as of_token:
        client.token("hiring", subject_token=ada)
    with pytest.raises(TemporarilyUnavailableError) as of_step:
        hiring.start(return_url=RETURN_URL)

    shown = shown_by(of_token.value) + shown_by(of_step.value) + caplog.text
    shown += repr(hiring) + repr(fake.calls) + repr(vars(client))
    assert "hiring" in shown
    assert not [part for part in ada.split(".")[1:] if part in shown]


def test_it_cannot_be_pickled(ada: str) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(UserToken(ada))
    with pytest.raises(TypeError):
        copy.deepcopy(UserToken(ada))


@pytest.mark.parametrize(
    "odd",
    ["", "a", "a.b.c", "...", "a.e30.c", "a.bnVsbA.c", "a.eyJleHAiOiJ4In0.c", "é.é.é", "a.W10.c"],
)
def test_a_text_that_is_no_jwt_is_a_user_of_its_own(odd: str) -> None:
    token, other = UserToken(odd), UserToken(odd + " ")

    assert token.ends_at is None
    assert token != other
    assert token.user != other.user or token.user[0] == ""


@pytest.mark.parametrize(("exp", "ends_at"), [(7, 7.0), (7.5, 7.5), (True, None), (10**400, None)])
def test_only_an_instant_ends_it(exp: object, ends_at: float | None) -> None:
    from base64 import urlsafe_b64encode

    claims = urlsafe_b64encode(json.dumps({"exp": exp}).encode()).rstrip(b"=").decode()

    assert UserToken(f"a.{claims}.c").ends_at == ends_at
