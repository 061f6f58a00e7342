"""Make the environments for the other make targets, each only when it is out of date.

`python -m scripts.envs dev ministack` makes `.venv` and `.venvs/ministack` equal to their
pinned lists. Each environment stores a fingerprint of its inputs, so a second run takes
milliseconds. Only package registries are contacted.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
UV = ROOT / ".venvs" / "uv"
NODE = ROOT / "tests" / "node"
STAMP = ".made-from"
NODE_MAJOR = 20


class SetupError(Exception):
    """A step that failed; the text says what to do."""


@dataclass(frozen=True, slots=True)
class ToolEnvironment:
    """One virtual environment: its name, its folder and its contents."""

    path: Path
    requirements: Path
    title: str
    with_project: bool = False
    compiled: bool = False


ENVIRONMENTS: Mapping[str, ToolEnvironment] = {
    "dev": ToolEnvironment(
        ROOT / ".venv", REQUIREMENTS / "dev.txt", "tokenvend and its tools", with_project=True
    ),
    "ministack": ToolEnvironment(
        ROOT / ".venvs" / "ministack", REQUIREMENTS / "ministack.txt", "the local AWS"
    ),
    "sam": ToolEnvironment(ROOT / ".venvs" / "sam", REQUIREMENTS / "sam.txt", "the SAM command"),
    "runtime": ToolEnvironment(
        # Its start-up time is measured, and uncompiled code would be compiled in every run.
        ROOT / ".venvs" / "runtime",
        REQUIREMENTS / "runtime.txt",
        "Lambda's runtime",
        compiled=True,
    ),
    "fuzz": ToolEnvironment(
        ROOT / ".venvs" / "fuzz", REQUIREMENTS / "fuzz.txt", "the fuzzer", with_project=True
    ),
    "mutants": ToolEnvironment(
        ROOT / ".venvs" / "mutants", REQUIREMENTS / "mutants.txt", "the mutation tests' tools"
    ),
    "docs": ToolEnvironment(
        ROOT / ".venvs" / "docs", REQUIREMENTS / "docs.txt", "the site's generator"
    ),
    "parliament": ToolEnvironment(
        ROOT / ".venvs" / "parliament", REQUIREMENTS / "parliament.txt", "the policy reader"
    ),
    "sbom": ToolEnvironment(
        ROOT / ".venvs" / "sbom", REQUIREMENTS / "sbom.txt", "the bill of materials"
    ),
    "django": ToolEnvironment(
        ROOT / ".venvs" / "django", REQUIREMENTS / "django.txt", "Django OAuth Toolkit"
    ),
    "checkov": ToolEnvironment(
        ROOT / ".venvs" / "checkov", REQUIREMENTS / "checkov.txt", "the policy checker"
    ),
}


def fingerprint(*files: Path, salt: str = sys.version) -> str:
    """Return a SHA-256 over the files' contents and *salt* (default: this Python's version)."""
    digest = hashlib.sha256(salt.encode())
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def up_to_date(folder: Path, wanted: str) -> bool:
    """Whether *folder* was completely made from inputs with the fingerprint *wanted*."""
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text() == wanted


def uv_settings(pip_config: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings with which uv uses the same package index as pip.

    *pip_config* is the output of `pip config list`, which uv does not read. uv's own settings
    take precedence. pip's extra indexes are left out: everything pinned here is on the main one,
    and another index could change what `make lock` finds.
    """
    found: dict[str, str] = {}
    # pip lists its environment variables first, although they override its files.
    for line in sorted(pip_config.splitlines(), key=lambda line: line.startswith(":env:")):
        key, _, value = line.partition("=")
        found[key.rpartition(".")[2]] = value.strip().strip("'\"")
    settings = {}
    if "index-url" in found and not environ.keys() & {"UV_DEFAULT_INDEX", "UV_INDEX_URL"}:
        settings["UV_DEFAULT_INDEX"] = found["index-url"]
    if "cert" in found and "SSL_CERT_FILE" not in environ:
        settings["SSL_CERT_FILE"] = found["cert"]
    return settings


def say(title: str, step: Callable[[], None]) -> None:
    """Run *step*; print one line with what it does and, at its end, how long it took."""
    print(f"{title} … ", end="", flush=True)
    started = time.monotonic()
    try:
        step()
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - started:.0f} s", flush=True)


def run(*command: str | Path, environ: Mapping[str, str] | None = None) -> str:
    """Run *command* and return its standard output.

    Raises:
        SetupError: it failed; the text has the end of its output.
    """
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        words = " ".join(str(part) for part in command[:4])
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise SetupError(f"`{words} …` ended with {done.returncode}:\n{tail}")
    return done.stdout


def ensure_uv() -> None:
    """Install the pinned uv with pip: uv installs the rest, several times faster."""
    wanted = fingerprint(REQUIREMENTS / "uv.txt")
    if up_to_date(UV, wanted):
        return

    def install() -> None:
        run(sys.executable, "-m", "venv", "--clear", UV)
        pip = (UV / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--quiet")
        pinned = ("--require-hashes", "--only-binary", ":all:", "-r", REQUIREMENTS / "uv.txt")
        run(*pip, "install", *pinned)
        (UV / STAMP).write_text(wanted)

    say("Installing the installer", install)


def ensure(environment: ToolEnvironment) -> None:
    """Install exactly what the list of *environment* pins."""
    sources = [environment.requirements]
    if environment.with_project:
        sources.append(ROOT / "pyproject.toml")
    wanted = fingerprint(*sources)
    if up_to_date(environment.path, wanted) and works(environment.path):
        return
    ensure_uv()

    def install() -> None:
        (environment.path / STAMP).unlink(missing_ok=True)
        if not works(environment.path):
            uv("venv", "--clear", "--python", sys.executable, environment.path)
        python = environment.path / "bin" / "python"
        compiled = ("--compile-bytecode",) if environment.compiled else ()
        pinned = ("--require-hashes", "--python", python, environment.requirements)
        uv("pip", "sync", *compiled, *pinned)
        if environment.with_project:
            # No build isolation: hatchling is among the pinned packages.
            editable = ("--no-build-isolation", "--no-deps", "--editable", ROOT)
            uv("pip", "install", "--python", python, *editable)
        (environment.path / STAMP).write_text(wanted)

    say(f"Installing {environment.title}", install)


def uv(*arguments: str | Path) -> None:
    """Run the pinned uv with the package index that pip is configured for."""
    config = run(UV / "bin" / "python", "-m", "pip", "config", "list")
    run(UV / "bin" / "uv", "--quiet", *arguments, environ=uv_settings(config, os.environ))


def works(path: Path) -> bool:
    """Whether *path* is a virtual environment of this very Python version."""
    python = path / "bin" / "python"
    if not python.exists():
        return False
    required = [str(python), "-c", "import sys; print(sys.version)"]
    answer = subprocess.run(required, capture_output=True, text=True, check=False)
    return answer.stdout.strip() == sys.version.strip()


def ensure_node(folder: Path = NODE, title: str = "the test provider") -> None:
    """Install the Node packages of *folder* from its lock file.

    Raises:
        SetupError: there is no Node, or an older one than it needs.
    """
    node = shutil.which("node")
    version = run(node, "--version").strip() if node else ""
    if not version or int(version.lstrip("v").split(".")[0]) < NODE_MAJOR:
        raise SetupError(
            f"The tests need Node {NODE_MAJOR} or later with npm; found {version or 'none'}.\n"
            "Get it from your system's packages (apt-get install nodejs npm, brew install node)."
        )
    modules = folder / "node_modules"
    wanted = fingerprint(folder / "package.json", folder / "package-lock.json", salt=version)
    if up_to_date(modules, wanted):
        return

    def install() -> None:
        # cdk-preflight has the CDK as a peer dependency, but its rules do not need it.
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps")
        run("npm", "ci", *quiet, "--prefix", folder)
        (modules / STAMP).write_text(wanted)

    say(f"Installing {title}", install)


def main(names: Sequence[str]) -> int:
    """Make each named environment: `uv`, `node`, or one of `ENVIRONMENTS`."""
    (ROOT / "build").mkdir(exist_ok=True)
    try:
        # Two concurrent makes would otherwise build the same environment.
        with (ROOT / "build" / "envs.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for name in names:
                if name == "uv":
                    ensure_uv()
                elif name == "node":
                    ensure_node()
                else:
                    ensure(ENVIRONMENTS[name])
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
