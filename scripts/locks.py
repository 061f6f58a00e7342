"""Pin the requirements, and check that the pinned lists still match their sources.

`requirements/<name>.in` lists the chosen packages; `requirements/<name>.txt` pins these and all
their dependencies, with hashes and without the address of an index.
"""

import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from scripts import envs

NAMES = (
    "uv",
    "layer",
    "cli",
    "dev",
    "ministack",
    "sam",
    "runtime",
    "fuzz",
    "mutants",
    "checkov",
    "parliament",
    "sbom",
    "docs",
    "examples",
    "django",
)
#: The command must run on its user's Python version; everything else runs here, on 3.13.
INSTALLED_ELSEWHERE = frozenset({"cli"})
#: `sam build` reads the list in the folder of the code that needs it.
COPIES = {
    "layer": envs.ROOT / "layers" / "tokenvend" / "python" / "requirements.txt",
    "examples": envs.ROOT / "examples" / "src" / "requirements.txt",
}

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?(?:==(\S+))?")


def normal(name: str) -> str:
    """Normalise a package's name as registries do (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required(source: Path) -> Iterator[tuple[str, str | None]]:
    """Return the packages that *source* requires, each with its version if that is fixed."""
    for line in source.read_text().splitlines():
        text = line.strip()
        if text.startswith("-r "):
            yield from required(source.parent / text.removeprefix("-r ").strip())
        elif match := _REQUIREMENT.match(text):
            yield normal(match[1]), match[2]


def pinned(lock: Path) -> dict[str, str]:
    """Return the packages that *lock* pins, with their versions."""
    return {normal(name): version for name, version in _PINNED.findall(lock.read_text())}


def faults(folder: Path, copies: Mapping[str, Path]) -> list[str]:
    """Return the faults of the lists in *folder*, one line each, without using the network."""
    found = []
    for source in sorted(folder.glob("*.in")):
        lock = source.with_suffix(".txt")
        if not lock.is_file():
            found.append(f"{source.name}: nothing is pinned; run `make lock`")
            continue
        pins = pinned(lock)
        for name, version in required(source):
            if name not in pins:
                found.append(f"{lock.name}: {name} is asked for but not pinned; run `make lock`")
            elif version and pins[name] != version:
                found.append(f"{lock.name}: {name} is not {version}; run `make lock`")
        text = lock.read_text()
        if text.count("==") and "--hash=sha256:" not in text:
            found.append(f"{lock.name}: pins without hashes; run `make lock`")
    for name, copy in copies.items():
        if (folder / f"{name}.txt").read_bytes() != copy.read_bytes():
            where = copy.parent.name
            found.append(f"{copy.name} in {where} differs from {name}.txt; run `make lock`")
    return found


def lock(names: Sequence[str], *, upgrade: bool) -> None:
    """Pin the lists of *names*; versions that are pinned stay unless *upgrade*."""
    envs.ensure_uv()
    bare = ("--no-emit-index-url", "--no-header", "--no-annotate")
    newest = ("--upgrade",) if upgrade else ()
    for name in names:
        source, target = (envs.REQUIREMENTS / f"{name}{suffix}" for suffix in (".in", ".txt"))
        oldest = "3.12" if name in INSTALLED_ELSEWHERE else "3.13"
        form = ("--universal", "--python-version", oldest, "--generate-hashes")
        command = ("pip", "compile", *form, *bare, *newest, source, "--output-file", target)
        envs.say(f"Pinning {target.name}", partial(envs.uv, *command))
    for name, copy in COPIES.items():
        shutil.copyfile(envs.REQUIREMENTS / f"{name}.txt", copy)


def main(arguments: Sequence[str]) -> int:
    """`check`, or the names of the lists to pin (all of them by default)."""
    if list(arguments) == ["check"]:
        found = faults(envs.REQUIREMENTS, COPIES)
        print("\n".join(found) or "every pinned list follows from what is asked for")
        return 1 if found else 0
    names = [name for name in arguments if name != "--upgrade"] or list(NAMES)
    try:
        lock(names, upgrade="--upgrade" in arguments)
    except envs.SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
