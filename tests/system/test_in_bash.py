"""What docs/in-bash.md shows, run as it stands there."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.system.conftest import Demo
from tests.system.page import RUN, Way, replaced, run, snippets
from tests.system.recorded_curl import RecordedCurl

PAGE = "in-bash.md"
_SECRET = ("_SECRET", "_SECRET_ACCESS_KEY", "_SESSION_TOKEN")


@pytest.mark.parametrize("way", RUN[PAGE], ids=lambda way: way.section)
def test_snippet_gets_a_token_that_opens_the_api(demo: Demo, way: Way, tmp_path: Path) -> None:
    curl, environ = RecordedCurl(tmp_path), demo.environment_of(way)

    done = run(["bash", "-c", _code(way, demo)], environ | {"PATH": curl.path})

    assert done.returncode == 0, done.stderr
    assert "company" in json.loads(done.stdout)
    # What a list of processes has shown: neither a secret nor the token.
    known = [value for name, value in environ.items() if name.endswith(_SECRET)]
    assert known
    assert not [text for text in ["Bearer", *known] if text in curl.arguments]


@pytest.mark.parametrize("way", RUN[PAGE], ids=lambda way: way.section)
def test_snippet_fails_with_the_code_of_a_refusal(demo: Demo, way: Way) -> None:
    beyond = replace(way, scope="candidates_manage")

    done = run(["bash", "-c", _code(beyond, demo)], demo.environment_of(way))

    assert (done.returncode, done.stdout) == (1, "")
    assert "invalid_scope" in done.stderr


def _code(way: Way, demo: Demo) -> str:
    names = {
        "/sr-jobs/": f"/{way.credential}/",
        "scope=jobs_read": f"'scope={way.scope}'",
        "https://api.example.com/jobs": demo.provider_url + way.api,
    }
    code = snippets(PAGE, way.section, "bash") + snippets(PAGE, "Call the API", "bash")
    return replaced(code, names)
