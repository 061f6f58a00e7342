"""Credentials that botocore finds, and what becomes of its errors."""

import os
import threading
from pathlib import Path

import botocore.session
import pytest

from tokenvend_client.aws.credentials import CredentialSource, default_credentials
from tokenvend_client.aws.sigv4 import AwsCredentials

PROFILE = "[default]\naws_access_key_id = AKID\naws_secret_access_key = secret\n"


@pytest.fixture(autouse=True)
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file of AWS's settings: the only place where botocore finds anything."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return tmp_path / "config"


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
