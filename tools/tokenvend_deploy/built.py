"""Compare the deployed code of each function with the local build, file by file."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import requests

from tokenvend.domain.names import LIVE_ALIAS
from tokenvend_local.artifact import LAYER
from tokenvend_local.errors import LocalStackError

_SECONDS = 60


class NotDownloadedError(LocalStackError):
    """Lambda's copy of the code could not be read."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Deployed code that differs from the local build. `part` is the function or its layer."""

    function: str
    version: str
    part: str
    files: tuple[str, ...]


def find_foreign_code(
    functions: Any, names: Mapping[str, str], build_folder: Path
) -> Iterator[Foreign]:
    """Return the functions whose `live` runs other code than *build_folder* has.

    *names* are the functions' names by their logical ids in the template, which are also the names
    of their folders. The code is downloaded from Lambda, and counts only if its digest is the one
    that Lambda states for `live`.

    Raises:
        NotDownloadedError: the code cannot be downloaded, or its digest is not the stated one.
        botocore.exceptions.ClientError: Lambda refuses.
    """

    @cache
    def layer(arn: str) -> Mapping[str, str]:
        content = functions.get_layer_version_by_arn(Arn=arn)["Content"]
        return _files_at(content["Location"], content["CodeSha256"])

    built = {name: _files_in(build_folder / name) for name in (*names, LAYER)}
    for logical_id, name in sorted(names.items()):
        live = functions.get_function(FunctionName=name, Qualifier=LIVE_ALIAS)
        configuration = live["Configuration"]
        runs: dict[str, Mapping[str, str]] = {
            logical_id: _files_at(live["Code"]["Location"], configuration["CodeSha256"])
        }
        layers = [each["Arn"] for each in configuration.get("Layers", [])]
        # Another layer could shadow the library, and without a layer the library is missing.
        runs[LAYER] = layer(layers[0]) if len(layers) == 1 else {}
        for part, files in runs.items():
            if differing := _differing(files, built[part]):
                yield Foreign(name, configuration["Version"], part, differing)


def _files_in(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _files_at(url: str, digest: str) -> dict[str, str]:
    try:
        answer = requests.get(url, timeout=_SECONDS)
        answer.raise_for_status()
    except requests.RequestException as error:
        # The exception's text contains the signed URL, so it is not chained.
        raise NotDownloadedError(
            f"The code that Lambda runs could not be downloaded ({type(error).__name__})."
        ) from None
    packed = answer.content
    if base64.b64encode(hashlib.sha256(packed).digest()).decode() != digest:
        raise NotDownloadedError("Lambda's copy of the code is not the one that it says it runs.")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {
            each.filename: hashlib.sha256(archive.read(each)).hexdigest()
            for each in archive.infolist()
            if not each.is_dir()
        }


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted({name for name, _ in one.items() ^ other.items()}))
