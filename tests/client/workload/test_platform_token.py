"""A workload proves itself by a token from a file, a variable, a GitHub job or AWS STS."""

from pathlib import Path

import botocore.session
import pytest
from botocore.serialize import QuerySerializer
from tests.client.secrets_shown import shown_by
from tests.client.workload.platform_token import JWT, Sts

from tokenvend_client import (
    CallerNotProvenError,
    Client,
    RefusedError,
    TemporarilyUnavailableError,
    TokenvendError,
    WorkloadToken,
)
from tokenvend_client.request import Call
from tokenvend_client.subject_tokens import (
    token_of_aws,
    token_of_file,
    token_of_github,
    token_of_text,
)
from tokenvend_client.testing import FakeTokenvend


def test_the_platforms_token_proves_the_workload(served: str, fake: FakeTokenvend) -> None:
    client = Client(WorkloadToken(served, token_of_text(JWT)))

    token = client.token("sr-jobs", scope="jobs_read")

    assert token.reveal() == "fake-sr-jobs-1"
    assert client.replace(token).reveal() == "fake-sr-jobs-2"
    assert fake.calls[0] == Call("sr-jobs", parameters={"scope": "jobs_read"})
    assert [call.path for call in fake.calls] == ["token", "token/reject", "token"]


def test_a_token_that_proves_nobody_gets_nothing_and_is_not_shown(served: str) -> None:
    with pytest.raises(RefusedError, match="invalid_request") as caught:
        Client(WorkloadToken(served, token_of_text(JWT + "x"))).token("sr-jobs")

    assert JWT not in shown_by(caught.value)


def test_a_file_is_read_each_time_because_its_platform_replaces_it(
    served: str, tmp_path: Path, fake: FakeTokenvend
) -> None:
    file = tmp_path / "token"
    file.write_text("an old one")
    client = Client(WorkloadToken(served, token_of_file(str(file))))
    with pytest.raises(RefusedError, match="invalid_request"):
        client.token("sr-jobs")

    file.write_text(JWT + "\n")

    assert client.token("sr-other").reveal() == "fake-sr-other-1"
    assert len(fake.calls) == 1


def test_a_file_that_is_not_there_is_said_so(served: str, tmp_path: Path) -> None:
    client = Client(WorkloadToken(served, token_of_file(str(tmp_path / "none"))))

    with pytest.raises(CallerNotProvenError, match="FileNotFoundError"):
        client.token("sr-jobs")


def test_a_github_job_has_its_token_made_for_the_deployment(served: str, github: list[str]) -> None:
    client = Client(WorkloadToken(served, token_of_github(served)))

    assert client.token("sr-jobs").reveal() == "fake-sr-jobs-1"
    assert github == [served]


def test_github_that_is_away_is_waited_for(
    served: str, github: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "wrong")
    client = Client(WorkloadToken(served, token_of_github(served)), timeout_seconds=0.1)

    with pytest.raises(TemporarilyUnavailableError, match="GitHub"):
        client.token("sr-jobs")

    assert len(github) == 1


def test_what_is_no_github_job_is_told_what_it_lacks(
    served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_URL", raising=False)

    with pytest.raises(CallerNotProvenError, match="id-token: write"):
        Client(WorkloadToken(served, token_of_github(served))).token("sr-jobs")


def test_sts_makes_a_token_of_the_role_for_the_deployment(served: str, sts: Sts) -> None:
    client = Client(WorkloadToken(served, token_of_aws(served)))

    assert client.token("sr-jobs").reveal() == "fake-sr-jobs-1"

    asked = {
        "Audience": [served],
        "DurationSeconds": 300,
        "SigningAlgorithm": "ES384",
    }
    model = botocore.session.Session().get_service_model("sts")
    operation = model.operation_model("GetWebIdentityToken")
    expected = QuerySerializer().serialize_to_request(asked, operation)["body"]
    assert sts.asked == [{name: str(value) for name, value in expected.items()}]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((403, "<E/>"), CallerNotProvenError),
        ((200, "<E/>"), CallerNotProvenError),
        ((200, "<E"), CallerNotProvenError),
        ((503, ""), TemporarilyUnavailableError),
    ],
)
def test_sts_that_gives_none_is_said_so(
    served: str, sts: Sts, answer: tuple[int, str], error: type[TokenvendError]
) -> None:
    sts.answer = answer

    with pytest.raises(error, match="STS"):
        Client(WorkloadToken(served, token_of_aws(served)), timeout_seconds=0.1).token("sr-jobs")
