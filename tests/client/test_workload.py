"""Workloads with a token of their platform: a file, a variable, a GitHub job."""

import http.server
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.session
import pytest
from botocore.serialize import QuerySerializer
from tests.client.secrets_shown import shown_by
from tests.loopback import serving

from tokenvend_client import (
    CallerNotProvenError,
    Client,
    ConfigurationError,
    DirectInvocation,
    RefusedError,
    TemporarilyUnavailableError,
    TokenvendError,
    WorkloadToken,
)
from tokenvend_client.aws.sigv4 import AwsCredentials
from tokenvend_client.request import Call
from tokenvend_client.secret import Secret
from tokenvend_client.subject_tokens import (
    SubjectTokenSource,
    token_of_aws,
    token_of_file,
    token_of_github,
    token_of_text,
)
from tokenvend_client.testing import FakeTokenvend
from tokenvend_client.ways_in.choose import VARIABLES, way_in_of_environment

JWT = "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"


@pytest.fixture
def served(fake: FakeTokenvend) -> Iterator[str]:
    fake.subject_tokens = {JWT}
    with fake.serve() as url:
        yield url


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """GitHub's endpoint; gives the audiences that were asked for."""
    audiences: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            proven = self.headers["Authorization"] == "Bearer of-the-job"
            audiences.extend(parse_qs(urlsplit(self.path).query)["audience"])
            body = json.dumps({"value": JWT}).encode()
            self.send_response(200 if proven else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Handler) as url:
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{url}/token?api-version=2.0")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of-the-job")
        yield audiences


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


@dataclass
class Sts:
    """STS as its service model describes it; `asked` has each form that came."""

    url: str = ""
    answer: tuple[int, str] = (200, "")
    asked: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sts]:
    found = Sts()
    space = "https://sts.amazonaws.com/doc/2011-06-15/"
    result = f"<R><WebIdentityToken>{JWT}</WebIdentityToken></R>"
    found.answer = (200, f'<A xmlns="{space}">{result}</A>')

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            assert "/eu-west-1/sts/aws4_request" in self.headers["Authorization"]
            found.asked.append({name: value for name, (value,) in parse_qs(body).items()})
            status, text = found.answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Handler) as url:
        found.url = url
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", found.url)
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        yield found


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
    page = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")

    assert [name for name in VARIABLES if f"`{name}`" not in page] == []
