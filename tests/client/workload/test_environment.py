"""Environment variables say where a workload's token is, and which alias it invokes."""

from pathlib import Path

import pytest
from tests.client.secrets_shown import shown_by
from tests.client.workload.platform_token import JWT

from tokenvend_client import Client, ConfigurationError, DirectInvocation, RefusedError
from tokenvend_client.aws.sigv4 import AwsCredentials
from tokenvend_client.secret import Secret
from tokenvend_client.subject_tokens import SubjectTokenSource, token_of_text
from tokenvend_client.testing import FakeTokenvend
from tokenvend_client.ways_in.choose import VARIABLES, way_in_of_environment


def test_a_workload_may_share_the_alias_of_workloads(served: str, fake: FakeTokenvend) -> None:
    aws = AwsCredentials("AKIDEXAMPLE", Secret("secret"))

    def through(source: SubjectTokenSource) -> Client:
        return Client(
            DirectInvocation(
                "vend:Workloads",
                region="eu-west-1",
                credentials=lambda: aws,
                endpoint=served,
                subject_token=source,
            )
        )

    token = through(token_of_text(JWT)).token("sr-jobs", scope="jobs_read")

    assert token.reveal() == "fake-sr-jobs-1"
    assert through(token_of_text(JWT)).replace(token).reveal() == "fake-sr-jobs-2"
    assert fake.calls[0].parameters == {"scope": "jobs_read"}
    with pytest.raises(RefusedError) as caught:
        through(token_of_text(JWT + "x")).token("sr-other")
    assert JWT not in shown_by(caught.value)


@pytest.mark.parametrize(("alias", "has_token"), [("Workloads", False), ("billing", True)])
def test_a_subject_token_goes_with_the_alias_of_workloads_alone(
    alias: str,
    has_token: bool,  # noqa: FBT001
) -> None:
    source = token_of_text(JWT) if has_token else None

    with pytest.raises(ConfigurationError, match="Workloads"):
        DirectInvocation(f"vend:{alias}", region="eu-west-1", subject_token=source)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TOKENVEND_SUBJECT_TOKEN": JWT}, "<DirectInvocation of vend:Workloads in eu-west-1>"),
        (
            {
                "TOKENVEND_SUBJECT_TOKEN_FROM": "github-actions",
                "TOKENVEND_AUDIENCE": "https://t.example.com",
            },
            "<DirectInvocation of vend:Workloads in eu-west-1>",
        ),
        ({"TOKENVEND_SUBJECT_TOKEN_FROM": "github-actions"}, "TOKENVEND_AUDIENCE"),
    ],
)
def test_the_environment_may_name_the_shared_alias(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str
) -> None:
    monkeypatch.setenv("TOKENVEND_FUNCTION", "vend:Workloads")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    if said.startswith("<"):
        assert repr(way_in_of_environment()) == said
    else:
        with pytest.raises(ConfigurationError, match=said):
            way_in_of_environment()


@pytest.mark.parametrize("source", ["file", "variable", "github"])
def test_the_environment_says_where_the_platforms_token_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, served: str, github: list[str], source: str
) -> None:
    (tmp_path / "token").write_text(JWT)
    named = {
        "file": ("TOKENVEND_SUBJECT_TOKEN_FILE", str(tmp_path / "token")),
        "variable": ("TOKENVEND_SUBJECT_TOKEN", JWT),
        "github": ("TOKENVEND_SUBJECT_TOKEN_FROM", "github-actions"),
    }
    monkeypatch.setenv("TOKENVEND_URL", served)
    monkeypatch.setenv(*named[source])

    assert repr(way_in_of_environment()) == f"<WorkloadToken at {served}>"
    assert Client().token("sr-jobs").reveal() == "fake-sr-jobs-1"
    assert github == ([served] if source == "github" else [])


def test_a_platform_that_is_not_known_is_said_so(
    monkeypatch: pytest.MonkeyPatch, served: str
) -> None:
    monkeypatch.setenv("TOKENVEND_URL", served)
    monkeypatch.setenv("TOKENVEND_SUBJECT_TOKEN_FROM", "elsewhere")

    with pytest.raises(ConfigurationError, match="github-actions"):
        Client()


def test_every_variable_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "client.md").read_text(encoding="utf-8")

    assert [name for name in VARIABLES if f"`{name}`" not in page] == []
