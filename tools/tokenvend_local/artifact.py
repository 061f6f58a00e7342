"""Build what is deployed: the functions and their layer, by `sam build`.

Only one build runs at a time: two would share sam's cache and its folder of downloaded packages,
even with different build folders.

sam leaves out compiled code, and Lambda mounts a layer so that nothing can be written beside
it: every cold start would compile the library again (docs/adr/0010). So it is compiled here.
"""

import compileall
import fcntl
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from py_compile import PycInvalidationMode

from cfnlint.decode import cfn_yaml

from tokenvend_local import places
from tokenvend_local.errors import LocalStackError
from tokenvend_local.places import ROOT, SAM_BUILD, TEMPLATE
from tokenvend_local.release_stamp import stamp_functions
from tokenvend_local.sam import run_sam

LAYER = "TokenvendLayer"

#: What `sam deploy` deploys.
AWS_BUILD = ROOT / ".aws-sam" / "build"
LOCK = places.BUILD / "sam.lock"
_FINGERPRINT = SAM_BUILD / ".built-from"
_SOURCES = (
    TEMPLATE,
    ROOT / "functions",
    ROOT / "layers",
    ROOT / "requirements" / "sam.txt",
    Path(__file__),
    Path(__file__).with_name("release_stamp.py"),
)
#: Where Lambda unpacks a layer, and a function.
_LAYER_MOUNT, _FUNCTION_MOUNT = "/opt", "/var/task"


def is_built() -> bool:
    """Whether `build` would do nothing."""
    return _FINGERPRINT.is_file() and _FINGERPRINT.read_text() == _fingerprint()


def build(log: Path) -> None:
    """Build functions and layer for this machine's processor, unless nothing has changed.

    Raises:
        LocalStackError: `sam build` failed.
    """
    with _alone():
        # The former holder of the lock may have built it.
        if not is_built():
            _build(log)


def build_for_aws(log: Path, architecture: str = "arm64") -> None:
    """Build what is deployed to AWS, in the place where `sam deploy` looks for it.

    *architecture* is the functions' processor, as the template's parameter has it.

    Raises:
        LocalStackError: `sam build` failed.
    """
    with _alone():
        run_sam("build", "--parameter-overrides", f"Architecture={architecture}", log=log)
        compile_parts(AWS_BUILD)
        stamp_functions(AWS_BUILD, AWS_BUILD / LAYER)


def _build(log: Path) -> None:
    wanted = _fingerprint()
    _FINGERPRINT.unlink(missing_ok=True)
    run_sam(
        *("build", "--build-dir", str(SAM_BUILD), "--cached"),
        *("--cache-dir", str(places.BUILD / "sam-cache")),
        *("--parameter-overrides", f"Architecture={places.architecture()}"),
        log=log,
    )
    compile_parts(SAM_BUILD)
    stamp_functions(SAM_BUILD, SAM_BUILD / LAYER)
    _write_as_json(SAM_BUILD)
    _FINGERPRINT.write_text(wanted)


def _write_as_json(build_folder: Path) -> None:
    """Write the built template as JSON beside it.

    `sam deploy` reads the file seven times, and reading YAML is a third of all its work.
    """
    document = cfn_yaml.load(str(build_folder / "template.yaml"))
    text = json.dumps(document, indent=1) + "\n"
    (build_folder / places.JSON_TEMPLATE).write_text(text, encoding="utf-8")


@contextmanager
def _alone() -> Iterator[None]:
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def compile_parts(build_folder: Path) -> None:
    """Put compiled code beside the sources, valid whatever time unpacking stamps on them.

    Raises:
        LocalStackError: a source does not compile, so no environment could import it.
    """
    for part in sorted(path for path in build_folder.iterdir() if path.is_dir()):
        compiled = compileall.compile_dir(
            part,
            quiet=1,
            stripdir=str(part),
            prependdir=_LAYER_MOUNT if part.name == LAYER else _FUNCTION_MOUNT,
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        )
        if not compiled:
            raise LocalStackError(f"{part.name} has code that does not compile.")


def _fingerprint() -> str:
    """A SHA-256 over everything that the build reads."""
    digest = hashlib.sha256(places.architecture().encode())
    for path in _files(_SOURCES):
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _files(sources: Sequence[Path]) -> Iterator[Path]:
    for source in sources:
        if source.is_file():
            yield source
            continue
        for path in sorted(source.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
