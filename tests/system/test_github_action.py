"""The steps of clients/github-action, run as a runner runs them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import yaml
from tests.local_stack.ci_platform import Issuer, issuer
from tests.system.conftest import Demo
from tests.system.job_platform import FakeTokenvend, Platform, github, workload
from tests.system.page import run
from tests.system.recorded_curl import RecordedCurl

from tokenvend_local import places

__all__ = ["issuer", "workload"]

ACTION = places.ROOT / "clients" / "github-action"
DEFINITION = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
TOKEN = "made-up-token%41"
VENDED = {"access_token": TOKEN, "expires_at": 1795489075, "token_sha256": "65dcf16e"}


@dataclass(frozen=True)
class Ran:
    """What a run of the action has left."""

    code: int
    lines: list[str]
    errors: str
    outputs: dict[str, str]


class Job:
    """A job that calls the action."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self._output = folder / "output"
        self._variables = variables
        self.curl = RecordedCurl(folder)

    def call(self, **inputs: str) -> Ran:
        """Run each step of the action, with what its `with` says."""
        self._output.write_text("")
        runner = {
            "PATH": self.curl.path,
            "NO_PROXY": "127.0.0.1",
            "GITHUB_ACTION_PATH": str(ACTION),
            "GITHUB_OUTPUT": str(self._output),
        }
        (step,) = DEFINITION["runs"]["steps"]
        given = {name: self._filled(text, inputs) for name, text in step["env"].items()}
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = run(shell, {**runner, **self._variables, **given})
        written = [line.split("=", 1) for line in self._output.read_text().splitlines()]
        outputs = dict(written)
        return Ran(done.returncode, done.stdout.splitlines(), done.stderr, outputs)

    def _filled(self, text: str, inputs: dict[str, str]) -> str:
        (name,) = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", text).groups()  # type: ignore[union-attr]
        assert name in DEFINITION["inputs"]
        return inputs.get(name.replace("-", "_"), "")


@pytest.fixture
def platform(issuer: Issuer) -> Platform:
    return Platform(issuer)


@pytest.fixture
def job(platform: Platform, tmp_path: Path) -> Iterator[Job]:
    with github(platform) as variables:
        yield Job(tmp_path, variables)


@pytest.fixture
def asked(demo: Demo, workload: str) -> dict[str, str]:
    """The inputs of a job that may have a token for reports."""
    assert workload
    url = demo.settings["VENDING_API_URL"]
    return {"url": url, "credential": "reports", "scope": "reports:read"}


def test_job_gets_a_masked_token_that_opens_the_api(
    demo: Demo, job: Job, platform: Platform, asked: dict[str, str]
) -> None:
    ran = job.call(**asked)

    assert ran.code == 0, ran.errors
    token, (proof,) = ran.outputs["access-token"], platform.made
    assert ran.lines == [f"::add-mask::{proof}", f"::add-mask::{token}"]
    assert ran.outputs.keys() == DEFINITION["outputs"].keys()
    for shown in (job.curl.arguments, ran.errors):
        assert not any(each in shown for each in (token, proof, platform.request_token))
    headers = {"Authorization": f"Bearer {token}"}
    api = requests.get(demo.provider_url + "/reports", headers=headers, timeout=30)
    assert api.status_code == 200


def test_job_may_call_the_action_twice_though_each_proof_counts_once(
    job: Job, platform: Platform, asked: dict[str, str]
) -> None:
    assert [job.call(**asked).code for _ in range(2)] == [0, 0]
    assert len(set(platform.made)) == 2


def test_refused_job_says_why_and_has_no_token(job: Job, asked: dict[str, str]) -> None:
    ran = job.call(**{**asked, "scope": "reports:write"})

    assert (ran.code, ran.outputs) == (1, {})
    assert re.match("::error title=tokenvend::tokenvend answered 400: invalid_scope", ran.lines[-1])


def test_job_whose_proof_is_for_somebody_else_gets_nothing(job: Job, asked: dict[str, str]) -> None:
    ran = job.call(**asked, proof_audience="https://other.example/?a=b&c=d")

    assert (ran.code, ran.outputs) == (1, {})
    assert "invalid_request" in ran.lines[-1]


def test_tokenvend_that_is_away_is_asked_again_with_a_new_proof(
    job: Job, platform: Platform
) -> None:
    away = (503, {"error": "temporarily_unavailable"})
    fake = FakeTokenvend([away, away, (200, VENDED)])

    with fake.serving() as url:
        ran = job.call(url=url, credential="jobs")

    assert ran.code == 0, ran.errors
    assert fake.subject_tokens == platform.made
    assert len(set(platform.made)) == 3
    # GitHub decodes what follows the command; a token may hold a percent sign.
    assert ran.lines[-1] == "::add-mask::made-up-token%2541"
    assert ran.outputs["access-token"] == TOKEN


def test_tokenvend_that_stays_away_ends_the_job(job: Job) -> None:
    fake = FakeTokenvend([(503, {"error": "temporarily_unavailable"})] * 3)

    with fake.serving() as url:
        ran = job.call(url=url, credential="jobs")

    assert (ran.code, ran.outputs) == (1, {})
    assert "503: temporarily_unavailable" in ran.lines[-1]
    assert fake.answers == []


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (200, {**VENDED, "access_token": "one\n::set-env name=PATH::/tmp"}),
        (200, {**VENDED, "access_token": "one\nexpires-at=9"}),
        (200, {**VENDED, "access_token": None}),
        (400, {"error": "x\n::stop-commands::evil", "error_description": "\r\n::add-path::/tmp"}),
        (200, "no object"),
    ],
)
def test_answer_cannot_give_the_runner_commands(job: Job, status: int, document: object) -> None:
    fake = FakeTokenvend([(status, document)])

    with fake.serving() as url:
        ran = job.call(url=url, credential="jobs")

    assert (ran.code, ran.outputs) == (1, {})
    commands = [line for line in ran.lines if "::" in line]
    assert all(re.match("::(add-mask|error title=tokenvend)::", line) for line in commands)
    assert commands[-1].startswith("::error")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"url": "http://tokens.example.com", "credential": "jobs"}, "https://"),
        ({"url": "https://tokens.example.com", "credential": "../iam"}, "not a name"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_asked(
    job: Job, platform: Platform, inputs: dict[str, str], said: str
) -> None:
    ran = job.call(**inputs)

    assert (ran.code, platform.made) == (1, [])
    assert said in ran.lines[-1]


def test_job_without_an_identity_is_told_what_it_lacks(tmp_path: Path) -> None:
    ran = Job(tmp_path, {}).call(url="https://tokens.example.com", credential="jobs")

    assert ran.code == 1
    assert "id-token: write" in ran.lines[-1]


def test_page_names_the_inputs_and_outputs_of_the_action() -> None:
    text = (places.ROOT / "docs" / "ci-jobs.md").read_text(encoding="utf-8")
    section = text.partition("## GitHub Actions")[2].partition("\n## ")[0]
    shown = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)[0])
    inputs, outputs = (
        {
            name
            for cell in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
            for name in re.findall(r"[a-z0-9-]+", cell)
        }
        for table in section.split("| output |")
    )

    step = shown["jobs"]["jobs"]["steps"][0]
    assert step["with"].keys() <= DEFINITION["inputs"].keys() == inputs
    assert outputs == DEFINITION["outputs"].keys()
    required = {name for name, each in DEFINITION["inputs"].items() if each.get("required")}
    assert required <= step["with"].keys()
