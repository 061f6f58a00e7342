"""What docs/in-go.md shows, compiled and run as it stands there."""

from dataclasses import replace
from pathlib import Path

import pytest
from scripts.toolchains import GO
from tests.system.conftest import Demo
from tests.system.page import RUN, Way, replaced, run, snippets

PAGE = "in-go.md"
_INSTALLED = GO.folder / "usr" / "lib" / "go-1.19"


@pytest.mark.parametrize("way", RUN[PAGE], ids=lambda way: way.section)
def test_snippet_gets_a_token_that_opens_the_api(demo: Demo, tmp_path: Path, way: Way) -> None:
    done = run([_compiled(tmp_path, way, demo)], demo.environment_of(way))

    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr


@pytest.mark.parametrize("way", RUN[PAGE], ids=lambda way: way.section)
def test_snippet_fails_with_the_code_of_a_refusal(demo: Demo, tmp_path: Path, way: Way) -> None:
    beyond = replace(way, scope="candidates_manage")

    done = run([_compiled(tmp_path, beyond, demo)], demo.environment_of(way))

    assert (done.returncode, done.stdout) == (1, "")
    assert "invalid_scope" in done.stderr


def _compiled(folder: Path, way: Way, demo: Demo) -> str:
    names = {
        "sr-jobs": way.credential,
        "jobs_read": way.scope,
        "https://api.example.com/jobs": demo.provider_url + way.api,
    }
    code = replaced(snippets(PAGE, way.section, "go"), names)
    (folder / "main.go").write_text(code, encoding="utf-8")
    program = folder / "service"
    libraries = {
        # Debian has libraries as source, and not as modules.
        "GO111MODULE": "off",
        "GOPATH": str(GO.folder / "usr" / "share" / "gocode"),
        "GOROOT": str(_INSTALLED),
        "GOCACHE": str(GO.folder / "cache"),
    }
    built = run(
        [str(_INSTALLED / "bin" / "go"), "build", "-o", str(program), str(folder / "main.go")],
        demo.environment(**libraries),
    )
    assert built.returncode == 0, built.stderr
    return str(program)
