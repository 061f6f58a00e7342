"""The row with a caller of another account."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from tests.smoke.conftest import TOKEN, FakeRun
from tests.smoke.fake_aws import FakeAws

from tokenvend_smoke.outcome import DidNotHoldError, NotRunError
from tokenvend_smoke.rows import accounts

OTHER = "444455556666"
UNKNOWN = {"status": 401, "error": "invalid_client"}


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """The other account."""
    role = {
        "Path": "/",
        "RoleName": "smoke-0a1b2c3d-other",
        "RoleId": "AROAEXAMPLEEXAMPLE12",
        "Arn": f"arn:aws:iam::{OTHER}:role/smoke-0a1b2c3d-other",
        "CreateDate": datetime.now(UTC),
    }
    keys = {"AccessKeyId": "id-of-sixteen-ch", "SecretAccessKey": "k", "SessionToken": "t"}
    aws = FakeAws(
        {
            "sts.GetCallerIdentity": {"Account": OTHER},
            "sts.AssumeRole": {"Credentials": {**keys, "Expiration": datetime.now(UTC)}},
            "iam.CreateRole": {"Role": role},
            "iam.PutRolePolicy": {},
            "iam.DeleteRolePolicy": {},
            "iam.DeleteRole": {},
        }
    )
    monkeypatch.setattr(boto3, "Session", lambda **_: aws)
    return aws


def _scenario(fake_run: Callable[..., FakeRun], *answers: dict[str, Any]) -> FakeRun:
    given = fake_run({}, other_profile="other")
    given.callers.answers = list(answers)
    return given


def test_it_is_answered_while_it_is_allowed_and_refused_after(
    fake_run: Callable[..., FakeRun], other: FakeAws
) -> None:
    given = _scenario(fake_run, UNKNOWN, TOKEN, TOKEN, UNKNOWN)
    accounts.a_changed_policy_is_in_force(given.smoke)

    allowed = [each["AllowedAccounts"] for each in given.account.deployments]
    assert allowed == [f"111122223333,{OTHER}", "111122223333"]
    assert other.names()[-2:] == ["iam.DeleteRolePolicy", "iam.DeleteRole"]
    assert OTHER not in given.smoke.file.read_text()


@pytest.mark.parametrize(
    ("answers", "told"),
    [([UNKNOWN], "while it is allowed"), ([TOKEN], "still answered")],
)
def test_one_that_never_or_always_may_call_is_told_and_its_role_deleted(
    fake_run: Callable[..., FakeRun], other: FakeAws, answers: list[dict[str, Any]], told: str
) -> None:
    with pytest.raises(DidNotHoldError, match=told):
        accounts.a_changed_policy_is_in_force(_scenario(fake_run, *answers).smoke)

    assert other.names()[-1] == "iam.DeleteRole"


def test_without_another_account_it_is_not_run(fake_run: Callable[..., FakeRun]) -> None:
    with pytest.raises(NotRunError, match="OTHER_PROFILE"):
        accounts.a_changed_policy_is_in_force(fake_run({}).smoke)
