"""`live` is what was deployed, and only the versions that somebody needs stay."""

from typing import Any

import pytest
from tests.deploy.stubs import Stubs

from tokenvend_deploy.versions import find_mismatches, prune

NAME = "tokenvend-VendIamFunction-1"


def _configured(stubs: Stubs, version: str, **fields: Any) -> None:
    qualifier = {} if version == "$LATEST" else {"Qualifier": "live"}
    stubs.answer(
        *("lambda", "get_function_configuration"),
        {"Version": version, "CodeSha256": "a", "MemorySize": 512, **fields},
        FunctionName=NAME,
        **qualifier,
    )


def test_live_that_is_what_was_deployed_is_no_mismatch() -> None:
    stubs = Stubs()
    layers, snapshots = [{"Arn": "arn:layer:2", "CodeSize": 7}], {"ApplyOn": "PublishedVersions"}
    for version, snapshot in (("$LATEST", "Off"), ("4", "On")):
        taken = {**snapshots, "OptimizationStatus": snapshot}
        _configured(stubs, version, Layers=layers, SnapStart=taken)

    assert list(find_mismatches(stubs.client("lambda"), [NAME])) == []


@pytest.mark.parametrize(
    ("field", "newest", "live"),
    [
        ("CodeSha256", "b", "a"),
        ("MemorySize", 1024, 512),
        ("Layers", [{"Arn": "arn:layer:2"}], [{"Arn": "arn:layer:1"}]),
        ("SnapStart", {"ApplyOn": "PublishedVersions"}, {"ApplyOn": "None"}),
        ("Environment", {"Variables": {"A": "1"}}, {"Variables": {"A": "2"}}),
    ],
)
def test_live_that_is_behind_is_named_with_what_differs(field: str, newest: Any, live: Any) -> None:
    stubs = Stubs()
    _configured(stubs, "$LATEST", **{field: newest})
    _configured(stubs, "4", **{field: live})

    (found,) = find_mismatches(stubs.client("lambda"), [NAME])

    assert (found.function, found.version, found.fields) == (NAME, "4", (field,))


def _versions(stubs: Stubs, newest: int, aliases: dict[str, str]) -> None:
    listed = [{"Name": name, "FunctionVersion": version} for name, version in aliases.items()]
    stubs.answer("lambda", "list_aliases", {"Aliases": listed}, FunctionName=NAME)
    versions = [{"Version": "$LATEST"}, *({"Version": str(n)} for n in range(1, newest + 1))]
    stubs.answer("lambda", "list_versions_by_function", {"Versions": versions}, FunctionName=NAME)


def _goes(stubs: Stubs, *versions: str) -> None:
    for version in versions:
        stubs.answer("lambda", "delete_function", {}, FunctionName=NAME, Qualifier=version)


def test_old_versions_go_but_for_the_last_three_and_those_that_an_alias_points_at() -> None:
    stubs = Stubs()
    _versions(stubs, 9, {"live": "9", "billing": "2"})
    _goes(stubs, "1", "3", "4", "5")

    assert prune(stubs.client("lambda"), NAME) == ["1", "3", "4", "5"]
    stubs.all_asked()


def test_a_version_that_a_failed_deployment_left_goes() -> None:
    stubs = Stubs()
    _versions(stubs, 3, {"live": "2"})
    _goes(stubs, "3")

    assert prune(stubs.client("lambda"), NAME) == ["3"]


def test_a_function_without_live_is_left_alone() -> None:
    stubs = Stubs()
    stubs.answer("lambda", "list_aliases", {"Aliases": []}, FunctionName=NAME)

    assert prune(stubs.client("lambda"), NAME) == []
