"""What docs/in-java.md shows, run as it stands there."""

from dataclasses import replace
from pathlib import Path

from scripts.toolchains import JAVA
from tests.system.conftest import Demo
from tests.system.page import CLIENT, Way, replaced, run, snippets

#: Its name ends in the processor's.
_JVMS = JAVA.folder / "usr" / "lib" / "jvm"
_LIBRARIES = JAVA.folder / "usr" / "share" / "java"


def test_snippet_gets_a_token_that_opens_the_api(demo: Demo, tmp_path: Path) -> None:
    done = run(_command(tmp_path, CLIENT, demo), demo.environment_of(CLIENT))

    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr


def test_snippet_fails_with_the_code_of_a_refusal(demo: Demo, tmp_path: Path) -> None:
    beyond = replace(CLIENT, scope="candidates_manage")

    done = run(_command(tmp_path, beyond, demo), demo.environment_of(CLIENT))

    assert (done.returncode, done.stdout) == (1, "")
    assert "400 invalid_scope" in done.stderr


def _command(folder: Path, way: Way, demo: Demo) -> list[str]:
    names = {
        "sr-jobs": way.credential,
        "jobs_read": way.scope,
        "https://api.example.com/jobs": demo.provider_url + way.api,
    }
    code = replaced(snippets("in-java.md", way.section, "java"), names)
    source = folder / "Service.java"
    source.write_text(code, encoding="utf-8")
    (java,) = _JVMS.glob("java-17-openjdk-*/bin/java")
    return [str(java), "-cp", f"{_LIBRARIES}/*", str(source)]
