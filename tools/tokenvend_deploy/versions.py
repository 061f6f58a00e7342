"""Check that `live` runs what was deployed, and delete versions that are no longer needed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tokenvend.domain.names import LIVE_ALIAS

#: How many former versions stay for a manual roll back, beside those that an alias points at.
VERSIONS_TO_KEEP = 3
#: Fields that must be equal in the running version and in what was deployed.
_COMPARED = (
    *("CodeSha256", "MemorySize", "Timeout", "Environment", "Architectures", "Role"),
    *("TracingConfig", "VpcConfig", "Layers", "SnapStart"),
)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A function whose `live` is not what was deployed. `fields` are the ones that differ."""

    function: str
    version: str
    fields: tuple[str, ...]


def find_mismatches(functions: Any, names: Sequence[str]) -> Iterator[Mismatch]:
    """Return the functions whose `live` differs from their newest code and settings, `$LATEST`."""
    for name in names:
        newest = functions.get_function_configuration(FunctionName=name)
        live = functions.get_function_configuration(FunctionName=name, Qualifier=LIVE_ALIAS)
        differs = tuple(
            field for field in _COMPARED if _comparable(newest, field) != _comparable(live, field)
        )
        if differs:
            yield Mismatch(name, live["Version"], differs)


def _comparable(configuration: Mapping[str, Any], field: str) -> Any:
    value = configuration.get(field)
    if field == "Layers":
        return [layer["Arn"] for layer in value or []]
    if field == "VpcConfig":
        return {key: each for key, each in (value or {}).items() if key != "VpcId" and each}
    if field == "SnapStart":
        # A version has a SnapStart snapshot; `$LATEST`, from which it was published, never has one.
        return (value or {}).get("ApplyOn", "None")
    return value


def prune(functions: Any, name: str) -> list[str]:
    """Delete the versions of *name* that are not needed, and return them.

    Versions that an alias points at stay, and so do the newest of the rest. A version that is newer
    than `live` and that no alias points at was left by a deployment that failed; it goes too, or
    Lambda would refuse to publish the same again.
    """
    aliases = {
        alias["Name"]: alias["FunctionVersion"]
        for page in functions.get_paginator("list_aliases").paginate(FunctionName=name)
        for alias in page["Aliases"]
    }
    if LIVE_ALIAS not in aliases:
        return []
    live, needed = (
        int(aliases[LIVE_ALIAS]),
        {int(each) for each in aliases.values() if each.isdigit()},
    )
    versions = [
        int(version["Version"])
        for page in functions.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        for version in page["Versions"]
        if version["Version"].isdigit()
    ]
    unneeded = sorted(version for version in versions if version not in needed)
    former = [version for version in unneeded if version < live]
    gone = [*former[:-VERSIONS_TO_KEEP], *(version for version in unneeded if version > live)]
    for version in gone:
        functions.delete_function(FunctionName=name, Qualifier=str(version))
    return [str(version) for version in gone]
