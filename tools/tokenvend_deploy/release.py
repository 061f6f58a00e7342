"""The release artefact: all that a deployment needs, without Python and SAM.

    tokenvend-VERSION/
        template.yaml            takes ArtifactBucket and ArtifactPrefix beside its own parameters
        functions/NAME-DIGEST.zip
        layers/tokenvend-ARCHITECTURE-DIGEST.zip
        sbom.cdx.json            what the layer is made of (CycloneDX)
        SHA256SUMS               of all other files

A zip's name holds the digest of its content, so an upgrade publishes new versions as `sam deploy`
does. The same sources make the same bytes.
"""

import hashlib
import json
import shutil
import stat
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from cfnlint.decode import cfn_yaml

from tokenvend_local import artifact, places
from tokenvend_local.progress import step_shown
from tokenvend_local.release_stamp import folder_digest, stamp_functions
from tokenvend_local.sam import run_sam

ARCHITECTURES = ("arm64", "x86_64")
RELEASES = places.BUILD / "release"
_WORK = places.BUILD / "release-work"
_SBOM = places.ROOT / ".venvs" / "sbom" / "bin" / "cyclonedx-py"
_LAYER_LIST = places.ROOT / "requirements" / "layer.txt"
#: The earliest date that a zip file can state.
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_NAMED_DIGITS = 16
_CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def version() -> str:
    """Return the project's version."""
    project = tomllib.loads((places.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def build(log: Path) -> Mapping[str, Path]:
    """Build functions and layer for each processor, and return the folders by processor.

    Raises:
        LocalStackError: `sam build` failed.
    """
    folders = {}
    for architecture in ARCHITECTURES:
        folder = _WORK / architecture
        shutil.rmtree(folder, ignore_errors=True)
        run_sam(
            *("build", "--build-dir", str(folder)),
            *("--parameter-overrides", f"Architecture={architecture}"),
            log=log,
        )
        artifact.compile_parts(folder)
        folders[architecture] = folder
    return folders


def assemble(builds: Mapping[str, Path], target: Path) -> None:
    """Write the artefact of *builds*, by processor, into *target*, which is replaced."""
    shutil.rmtree(target, ignore_errors=True)
    (target / "functions").mkdir(parents=True)
    (target / "layers").mkdir()
    layers = {name: folder / artifact.LAYER for name, folder in builds.items()}
    first = next(iter(builds.values()))
    # Functions have no processor-specific code, but each must change with either layer.
    stamps = stamp_functions(first, *layers.values())
    template: dict[str, Any] = json.loads(
        json.dumps(cfn_yaml.load(str(first / "template.yaml")), default=str)
    )
    keys = {
        architecture: _packed(folder, target, f"layers/tokenvend-{architecture}")
        for architecture, folder in layers.items()
    }
    functions = {name: _packed(first / name, target, f"functions/{name}") for name in stamps}
    _locate(template, functions, keys)
    (target / "template.yaml").write_text(
        yaml.safe_dump(template, sort_keys=False, width=100), encoding="utf-8"
    )
    _write_sbom(target / "sbom.cdx.json")
    _write_digests(target)


def _packed(folder: Path, target: Path, stem: str) -> str:
    """Pack *folder*, and return the zip's path below *target*."""
    name = f"{stem}-{folder_digest(folder)[:_NAMED_DIGITS]}.zip"
    with zipfile.ZipFile(target / name, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            info = zipfile.ZipInfo(str(path.relative_to(folder)), _FIXED_TIME)
            executable = path.stat().st_mode & stat.S_IXUSR
            info.external_attr = (0o100755 if executable else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(info, path.read_bytes())
    return name


def _locate(
    template: dict[str, Any], functions: Mapping[str, str], layers: Mapping[str, str]
) -> None:
    """Make *template* take its code from the bucket that its new parameters name."""
    template["Parameters"] |= {
        "ArtifactBucket": {
            "Type": "String",
            "Description": "The S3 bucket, in this Region, that the release was copied to.",
        },
        "ArtifactPrefix": {
            "Type": "String",
            "Default": f"tokenvend-{version()}/",
            "AllowedPattern": "([A-Za-z0-9._-]+/)*",
            "Description": "Where in the bucket it is: empty, or a path that ends in a slash.",
        },
    }
    template.setdefault("Mappings", {})["Layers"] = {
        architecture: {"Key": key} for architecture, key in layers.items()
    }
    layer_key = {"Fn::FindInMap": ["Layers", {"Ref": "Architecture"}, "Key"]}
    for name, resource in template["Resources"].items():
        property_name = _CODE.get(resource["Type"])
        if property_name is None:
            continue
        resource.pop("Metadata", None)
        key: Any = functions.get(name, layer_key)
        resource["Properties"][property_name] = {
            "Bucket": {"Ref": "ArtifactBucket"},
            "Key": {"Fn::Join": ["", [{"Ref": "ArtifactPrefix"}, key]]},
        }


def _write_sbom(path: Path) -> None:
    command = [
        *(str(_SBOM), "requirements", str(_LAYER_LIST), "--output-reproducible"),
        *("--output-format", "JSON", "--output-file", str(path)),
    ]
    subprocess.run(command, check=True, capture_output=True)


def _write_digests(target: Path) -> None:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(target)}\n"
        for path in sorted(each for each in target.rglob("*") if each.is_file())
    ]
    (target / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def main() -> int:
    """Build and write the release artefact."""
    target = RELEASES / f"tokenvend-{version()}"
    _WORK.mkdir(parents=True, exist_ok=True)
    with step_shown("Building for both processors"):
        builds = build(_WORK / "build.log")
    with step_shown(f"Writing {target.relative_to(places.ROOT)}"):
        assemble(builds, target)
    sys.stdout.write("docs/deploying.md says how it is deployed without Python or SAM.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
