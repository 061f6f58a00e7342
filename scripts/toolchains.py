"""Install compilers and packages to run the code of the pages for other languages.

`python -m scripts.toolchains` needs no root. A second run takes milliseconds.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scripts.debian import ensure_unpacked
from scripts.envs import ROOT, SetupError, ensure_node

#: What `docs/in-node.md` tells a reader to install, at pinned versions.
NODE_CLIENTS = ROOT / "tests" / "node_clients"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A compiler and libraries from Debian, unpacked in their own folder."""

    folder: Path
    title: str
    packages: tuple[str, ...]


GO = Unpacked(
    ROOT / ".venvs" / "go",
    "Go and its OAuth library",
    (
        *("golang-1.19-go", "golang-1.19-src"),
        *("golang-golang-x-net-dev", "golang-golang-x-oauth2-dev"),
        *("golang-github-aws-aws-sdk-go-v2-dev", "golang-github-aws-smithy-go-dev"),
    ),
)
JAVA = Unpacked(
    ROOT / ".venvs" / "java",
    "Java and its JSON library",
    (
        *("openjdk-17-jdk-headless", "openjdk-17-jre-headless"),
        *("libjackson2-annotations-java", "libjackson2-core-java", "libjackson2-databind-java"),
    ),
)


def main() -> int:
    """Install the packages for each language; return 1 if one for every system is missing.

    A system that is no Debian has no Go or Java from here, and the tests of those pages fail.
    """
    try:
        ensure_node(NODE_CLIENTS, "the clients for Node")
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    for each in (GO, JAVA):
        _tell(partial(ensure_unpacked, each.folder, each.packages, each.title))
    return 0


def _tell(install: Callable[[], None]) -> None:
    try:
        install()
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
