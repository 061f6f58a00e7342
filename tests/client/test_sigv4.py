"""The signature is botocore's, byte for byte; credentials come from where botocore has them."""

from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import botocore.auth
import botocore.session
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from tokenvend_client.aws.credentials import default_credentials
from tokenvend_client.aws.sigv4 import AwsCredentials, sign
from tokenvend_client.errors import Failure
from tokenvend_client.secret import Secret

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
PATHS = st.lists(
    st.text("abc-_.~:%20é*/ ", min_size=1, max_size=8).filter(lambda part: part not in {".", ".."}),
    max_size=3,
)


@given(
    parts=PATHS,
    body=st.text(max_size=40),
    key=st.text("abcDEF+/=0", min_size=1, max_size=40),
    token=st.none() | st.text("abc+/=", min_size=1, max_size=30),
    service=st.sampled_from(["execute-api", "lambda"]),
)
def test_signature_is_that_of_botocore(
    parts: list[str], body: str, key: str, token: str | None, service: str
) -> None:
    path = "/".join(parts).strip("/").replace("//", "/").replace("./", "-/")
    path = path.replace("//", "/").rstrip(".")
    url = f"https://tokens.example.com/{path}"
    request = AWSRequest("POST", url, data=body.encode(), headers={"content-type": "text/x"})
    with patch.object(botocore.auth, "get_current_datetime", lambda: AT):
        botocore.auth.SigV4Auth(
            Credentials("AKIDEXAMPLE", key, token), service, "eu-west-1"
        ).add_auth(request)

    ours = sign(
        AwsCredentials("AKIDEXAMPLE", Secret(key), Secret(token) if token else None),
        *("POST", url, {"content-type": "text/x"}, Secret(body)),
        region="eu-west-1",
        service=service,
        at=AT,
    )

    assert ours["authorization"].reveal() == request.headers["Authorization"]


def test_the_environment_comes_first_and_needs_no_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    _environment(monkeypatch, key="AKIDEXAMPLE", secret="s3", token="t")
    monkeypatch.setitem(__import__("sys").modules, "botocore.session", None)

    found = default_credentials()()

    assert isinstance(found, AwsCredentials)
    assert found.session_token is not None
    assert (found.access_key_id, found.secret_access_key.reveal()) == ("AKIDEXAMPLE", "s3")
    assert found.session_token.reveal() == "t"
    assert "s3" not in repr(found)


def test_what_the_environment_does_not_have_botocore_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    _environment(monkeypatch)
    session: Any = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "s3")
    monkeypatch.setattr(botocore.session, "Session", lambda: session)

    found = default_credentials()()

    assert isinstance(found, AwsCredentials)
    assert (found.access_key_id, found.session_token) == ("AKIDEXAMPLE", None)


def test_nothing_found_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    _environment(monkeypatch)
    monkeypatch.setitem(__import__("sys").modules, "botocore.session", None)

    found = default_credentials()()

    assert isinstance(found, Failure)
    assert (found.code, found.retryable) == ("no_proof", False)


def _environment(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    names = {
        "key": "AWS_ACCESS_KEY_ID",
        "secret": "AWS_SECRET_ACCESS_KEY",
        "token": "AWS_SESSION_TOKEN",
    }
    for short, name in names.items():
        monkeypatch.delenv(name, raising=False)
        if short in values:
            monkeypatch.setenv(name, values[short])
