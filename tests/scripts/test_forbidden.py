"""What must not be committed is found, and what may be is left alone."""

import subprocess
from pathlib import Path

import pytest

from scripts import forbidden

# Put together here, so that this file is not itself a find.
INDEX = "https://pypi" + ".org/simple"
KEY = "AKIA" + "Q3EGRCKDIEMQ7XZ2"
ACCOUNT = "arn:aws:iam::" + "987654321098" + ":role/billing"
HOME = "/" + "home/alice/src/tokenvend"


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        pytest.param("requirements/dev.txt", "--index-url x", "packages come from", id="index"),
        pytest.param("requirements/dev.txt", "a @ https://x", "packages come from", id="direct"),
        pytest.param("tests/node/package-lock.json", '"resolved": "x"', "packages", id="npm"),
        pytest.param("docs/install.md", INDEX, "registry's address", id="registry"),
        pytest.param("docs/a.md", KEY, "access key", id="key"),
        pytest.param(
            "docs/a.md", "AKIA" + "IOSFODNN7EXAMPLE", "an access key id", id="the documented key"
        ),
        pytest.param("docs/a.md", ACCOUNT, "account's number", id="account"),
        pytest.param("a.py", HOME, "path of one machine", id="home"),
        pytest.param("a.pem", "", "a file of this name", id="pem"),
        pytest.param("uv.lock", "", "a file of this name", id="uv.lock"),
    ],
)
def test_finds(name: str, text: str, what: str) -> None:
    found = list(forbidden.faults(name, f"first line\n{text}\n"))

    assert len(found) == 1
    assert what in found[0]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("arn:aws:iam::111122223333:role/billing", id="the documented account"),
        pytest.param("registry = RegistryTable(name)", id="a variable"),
        pytest.param("https://www.example.com/home/page", id="an address"),
        pytest.param("POST /iam/{credential}/token", id="a route"),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert list(forbidden.faults("docs/a.md", text)) == []


def test_names_the_line() -> None:
    assert list(forbidden.faults("a.md", f"one\ntwo {KEY}")) == ["a.md:2: an access key id"]


def test_reads_what_git_would_add_and_not_what_it_ignores(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("ignored.md\n")
    (tmp_path / "ignored.md").write_text(KEY)
    (tmp_path / "new.md").write_text("harmless")

    found = forbidden.committed(tmp_path)

    assert sorted(path.name for path in found) == [".gitignore", "new.md"]
