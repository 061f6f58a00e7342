"""Stamp each built function with a digest of all that its code location does not cover.

SAM publishes a version of a function when the location of its code changes, and that location is
a hash of the function's own folder. A new layer, time limit or environment variable is not in that
folder. So `make build` writes a digest of the layer and of the function's part of the template
there: one change of either, and the next `sam deploy` publishes the function and moves `live`.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

#: The file in each built function's folder. Nothing reads it at run time.
STAMP_FILE = "release.txt"
_FUNCTION = "AWS::Serverless::Function"
#: Files that differ between two builds of the same sources.
_LOCATIONS = frozenset({"CodeUri", "Metadata"})


def stamp_functions(build_folder: Path, *layers: Path) -> dict[str, str]:
    """Write the stamp of each function in *build_folder*, as `sam build` left it.

    *layers* are the folders of the layer that every function uses, one for each processor that it
    was built for. Returns the stamps (SHA-256 in hexadecimal) by the functions' logical ids.
    """
    template: Mapping[str, Any] = cfn_yaml.load(str(build_folder / "template.yaml"))
    shared = json.dumps(template.get("Globals", {}), sort_keys=True)
    layer_digests = [folder_digest(layer) for layer in layers]
    stamps = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] != _FUNCTION:
            continue
        settings = {
            key: value for key, value in resource["Properties"].items() if key not in _LOCATIONS
        }
        parts = (*layer_digests, shared, json.dumps(settings, sort_keys=True))
        stamps[name] = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        (build_folder / name / STAMP_FILE).write_text(f"{stamps[name]}\n")
    return stamps


def folder_digest(folder: Path) -> str:
    """A SHA-256 over the names and contents of all files below *folder*, in hexadecimal."""
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder)}\0{content}\0".encode())
    return digest.hexdigest()
