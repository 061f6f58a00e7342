"""Credentials that botocore finds, and what becomes of its errors."""

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

import botocore.session
import pytest
from tests.client.aws_profiles import (
    PROFILE,
    SECRET,
    SSO_TOKEN,
    START,
    Aws,
    aws,
    config,
    profile,
    signed_in,
    sso,
    sso_session,
)
from tests.client.secrets_shown import shown_by

from tokenvend_client import (
    CallerNotProvenError,
    Client,
    DirectInvocation,
    TemporarilyUnavailableError,
    Token,
)
from tokenvend_client.aws.credentials import CredentialSource, default_credentials
from tokenvend_client.aws.sigv4 import AwsCredentials

__all__ = ["aws", "config", "profile"]

pytestmark = pytest.mark.usefixtures("config")


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_that_was_forked_during_a_lookup_looks_for_itself(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(PROFILE)
    looking, done = threading.Event(), threading.Event()
    parent, of_botocore = os.getpid(), botocore.session.Session.get_credentials

    def slow_in_the_parent(session: botocore.session.Session) -> object:
        if os.getpid() == parent:
            looking.set()
            done.wait(20)
        return of_botocore(session)

    monkeypatch.setattr(botocore.session.Session, "get_credentials", slow_in_the_parent)
    source = default_credentials()
    lookup = threading.Thread(target=source, daemon=True)
    lookup.start()
    assert looking.wait(10)

    child = os.fork()
    if child == 0:
        outcome = 1
        try:
            outcome = _in_child(source)
        finally:
            os._exit(outcome)
    _, status = os.waitpid(child, 0)
    done.set()
    lookup.join(10)

    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_shares_no_session_whose_locks_may_be_held(config: Path) -> None:
    config.write_text(PROFILE)
    source = default_credentials()
    source()
    before = vars(source)["_session"]

    child = os.fork()
    if child == 0:
        outcome = 1
        try:
            outcome = _in_child(source) or int(vars(source)["_session"] is before)
        finally:
            os._exit(outcome)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _in_child(source: CredentialSource) -> int:
    found: list[object] = []
    asking = threading.Thread(target=lambda: found.append(source()), daemon=True)
    asking.start()
    asking.join(5)
    return 0 if found and isinstance(found[0], AwsCredentials) else 2


def by_threads(client: Client) -> Token:
    return client.token("sr-jobs")


def by_asyncio(client: Client) -> Token:
    return asyncio.run(client.token_async("sr-jobs"))


@pytest.fixture
def client(aws: Aws) -> Client:
    way_in = DirectInvocation("f:billing", region="eu-west-1", endpoint=aws.url)
    return Client(way_in, timeout_seconds=0.2)


@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize("token", [by_threads, by_asyncio])
def test_a_role_that_is_denied_is_a_caller_without_proof(
    token: Callable[[Client], Token], aws: Aws, client: Client
) -> None:
    aws.status, aws.code = 403, "AccessDenied"

    with pytest.raises(CallerNotProvenError, match="AccessDenied") as caught:
        token(client)

    assert caught.value.code == "no_proof"
    for secret in (SSO_TOKEN, SECRET):
        assert secret not in shown_by(caught.value)


@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize("token", [by_threads, by_asyncio])
@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param(400, "Throttling", id="throttled by its code"),
        pytest.param(429, "Other", id="throttled by its status"),
        pytest.param(503, "Other", id="away"),
    ],
)
def test_a_role_that_is_throttled_may_be_had_later(
    token: Callable[[Client], Token], aws: Aws, client: Client, status: int, code: str
) -> None:
    aws.status, aws.code = status, code

    with pytest.raises(TemporarilyUnavailableError, match=code) as caught:
        token(client)

    for secret in (SSO_TOKEN, SECRET):
        assert secret not in shown_by(caught.value)


@pytest.mark.usefixtures("profile")
def test_an_error_code_that_is_none_is_not_quoted(aws: Aws, client: Client) -> None:
    aws.status, aws.code = 403, f"Denied {SSO_TOKEN}"

    with pytest.raises(CallerNotProvenError, match="without a code") as caught:
        client.token("sr-jobs")

    assert SSO_TOKEN not in shown_by(caught.value)


@pytest.mark.parametrize("sign_in", [sso, sso_session])
def test_a_profile_of_sso_gives_its_roles_credentials(
    sign_in: Callable[[Path, pytest.MonkeyPatch], None],
    aws: Aws,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign_in(config, monkeypatch)
    source = default_credentials()

    first, second = source(), source()

    assert isinstance(first, AwsCredentials)
    assert first.session_token is not None
    assert (first.access_key_id, first.secret_access_key.reveal()) == ("AKIDSSO", SECRET)
    assert first.session_token.reveal() == "session"
    assert isinstance(second, AwsCredentials)
    ((path, token),) = aws.asked
    assert "role_name=billing" in path
    assert "account_id=111122223333" in path
    assert token == SSO_TOKEN


@pytest.mark.parametrize(
    "until",
    [
        pytest.param("2020-01-01T00:00:00Z", id="by its own date"),
        pytest.param("2099-01-01T00:00:00Z", id="by what AWS says"),
    ],
)
def test_a_sign_in_that_has_ended_is_a_caller_without_proof(
    aws: Aws,
    client: Client,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    until: str,
) -> None:
    sso(config, monkeypatch)
    signed_in(config.parent, START, until=until)
    aws.status, aws.code = 401, "UnauthorizedException"

    with pytest.raises(CallerNotProvenError, match="sign-in") as caught:
        client.token("sr-jobs")

    assert caught.value.code == "no_proof"
    assert SSO_TOKEN not in shown_by(caught.value)
