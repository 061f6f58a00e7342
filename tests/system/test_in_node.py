"""What docs/in-node.md shows, run as it stands there."""

from dataclasses import replace
from pathlib import Path

import pytest
from scripts.toolchains import NODE_CLIENTS
from tests.system.conftest import Demo
from tests.system.page import RUN, Way, replaced, run, snippets

PAGE = "in-node.md"
#: What the page says of the local stack, whose URLs are not https.
_OVER_HTTP = {
    "TOKENVEND_CLIENT_SECRET,\n": (
        "TOKENVEND_CLIENT_SECRET,\nundefined, { execute: [client.allowInsecureRequests] },\n"
    )
}


@pytest.mark.parametrize("way", RUN[PAGE], ids=lambda way: way.section)
def test_snippet_gets_a_token_that_opens_the_api(demo: Demo, tmp_path: Path, way: Way) -> None:
    done = run(["node", _module(tmp_path, _code(way, demo))], demo.environment_of(way))

    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr


@pytest.mark.parametrize("way", RUN[PAGE], ids=lambda way: way.section)
def test_snippet_fails_with_the_code_of_a_refusal(demo: Demo, tmp_path: Path, way: Way) -> None:
    beyond = replace(way, scope="candidates_manage")

    done = run(["node", _module(tmp_path, _code(beyond, demo))], demo.environment_of(way))

    assert (done.returncode, done.stdout) == (1, "")
    assert "invalid_scope" in done.stderr


def _code(way: Way, demo: Demo) -> str:
    names = {
        "sr-jobs": way.credential,
        "jobs_read": way.scope,
        "https://api.example.com/jobs": demo.provider_url + way.api,
    }
    code = replaced(snippets(PAGE, way.section, "js") + snippets(PAGE, "Call the API", "js"), names)
    over_http = replaced(code, _OVER_HTTP) if way.role is None else code
    return over_http + "\nconsole.log(response.status);\n"


def _module(folder: Path, code: str) -> str:
    (folder / "node_modules").symlink_to(NODE_CLIENTS / "node_modules")
    module = folder / "service.mjs"
    module.write_text(code, encoding="utf-8")
    return str(module)
