"""The snippet of clients/gitlab, run as a runner runs a job that extends it."""

from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from tests.local_stack.ci_platform import Issuer, issuer
from tests.system.conftest import Demo
from tests.system.job_platform import FakeTokenvend, Platform, workload
from tests.system.page import run

from tokenvend_local import places

__all__ = ["issuer", "workload"]

SNIPPET = places.ROOT / "clients" / "gitlab" / "tokenvend.yml"
TEMPLATE: dict[str, Any] = yaml.safe_load(SNIPPET.read_text(encoding="utf-8"))[".tokenvend"]
VENDED = {"access_token": "made-up-token"}
SHOW = "echo my token is $TOKENVEND_TOKEN, proven by $TOKENVEND_ID_TOKEN"


@dataclass(frozen=True)
class Ran:
    """How a job ended, and its log."""

    code: int
    log: str


def run_job(url: str, identity_token: str, *script: str, **variables: str) -> Ran:
    """Run `before_script` and *script* in one shell, in the subshell that GitLab's runner makes."""
    # In this way the runner's own script starts a job's lines.
    lines = "\n".join([*TEMPLATE["before_script"], *script])
    started = 'set -eo pipefail; set +o noclobber; : | eval "$LINES_OF_THE_JOB" 2>&1'
    given = {
        "PATH": "/usr/bin:/bin",
        "NO_PROXY": "127.0.0.1",
        "LINES_OF_THE_JOB": lines,
        "TOKENVEND_URL": url,
        "TOKENVEND_ID_TOKEN": identity_token,
    }
    done = run(["bash", "-c", started], {**given, **variables})
    return Ran(done.returncode, done.stdout + done.stderr)


def test_job_has_a_token_that_opens_the_api_and_its_log_has_none(
    demo: Demo, workload: str, issuer: Issuer
) -> None:
    assert workload
    url = demo.settings["VENDING_API_URL"]
    proof = Platform(issuer).identity_token(url)
    call = (
        "curl --silent --fail --output /dev/null --write-out '%{http_code}\\n' --header "
        "@<(printf 'Authorization: Bearer %s\\n' \"$TOKENVEND_TOKEN\") "
    )

    ran = run_job(
        url,
        proof,
        SHOW,
        call + demo.provider_url + "/reports",
        "set -x",
        ': "$TOKENVEND_TOKEN"',
        TOKENVEND_CREDENTIAL="reports",
        TOKENVEND_SCOPE="reports:read",
    )

    assert ran.code == 0, ran.log
    assert "my token is [MASKED], proven by [MASKED]" in ran.log
    assert "\n200\n" in ran.log
    assert ": [MASKED]" in ran.log


def test_refused_job_ends_with_the_code_and_without_its_script(
    demo: Demo, workload: str, issuer: Issuer
) -> None:
    assert workload
    url = demo.settings["VENDING_API_URL"]
    proof = Platform(issuer).identity_token(url)

    ran = run_job(
        url,
        proof,
        "echo the script ran",
        TOKENVEND_CREDENTIAL="reports",
        TOKENVEND_SCOPE="reports:write",
    )

    assert ran.code == 1
    assert "tokenvend refused: invalid_scope" in ran.log
    assert "the script ran" not in ran.log
    assert proof not in ran.log


@pytest.mark.parametrize(
    ("script", "code", "log"),
    [
        pytest.param("printf 'a last line'; exit 7", 7, "a last line\n", id="how it ends"),
        pytest.param("false", 1, "", id="a command that fails"),
        pytest.param("echo done; sleep 30 &", 0, "done\n", id="what runs on"),
        pytest.param("echo $TOKENVEND_TOKEN >&2", 0, "[MASKED]\n", id="errors"),
    ],
)
def test_job_ends_as_its_script_ends(script: str, code: int, log: str) -> None:
    fake = FakeTokenvend([(200, VENDED)])

    with fake.serving() as url:
        ran = run_job(url, "proof", script, TOKENVEND_CREDENTIAL="jobs")

    assert (ran.code, ran.log) == (code, log)


def test_snippet_asks_for_a_token_of_the_job_for_the_url_that_it_uses() -> None:
    assert TEMPLATE["id_tokens"] == {
        "TOKENVEND_ID_TOKEN": {"aud": TEMPLATE["variables"]["TOKENVEND_URL"]}
    }


def test_page_extends_the_snippet() -> None:
    text = (places.ROOT / "docs" / "ci-jobs.md").read_text(encoding="utf-8")
    shown = text.partition("## GitLab")[2].partition("```yaml\n")[2].partition("   ```\n")[0]
    job = yaml.safe_load(shown)["jobs"]

    ran_before = "\n".join(TEMPLATE["before_script"])
    assert job["extends"] == ".tokenvend"
    assert all(f"${name}" in ran_before or f"{{{name}" in ran_before for name in job["variables"])
