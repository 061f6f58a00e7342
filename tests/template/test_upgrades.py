"""A deployment publishes a version of each function that a change reaches, and of no other.

`sam deploy` names each piece of code by its content. So the template is expanded before and after
a change, and the versions in the two are compared. CloudFormation publishes a version where its
logical id is new, or where a property that only creation can set has changed.
"""

from pathlib import Path
from typing import Any

import pytest
from tests.template.expanded import CHANGES, Settings, expanded, filled, resources_of

from tokenvend_local import artifact
from tokenvend_local.release_stamp import folder_digest, stamp_functions

type Template = dict[str, Any]
FUNCTION, VERSION = "AWS::Lambda::Function", "AWS::Lambda::Version"
#: Properties that hold for a function whatever its version, or cannot be changed at all.
_NOT_VERSIONED = frozenset({"ReservedConcurrentExecutions", "Tags"})
#: Changing it is refused before anything is deployed (docs/deploying.md).
_NEVER_CHANGED = frozenset({"DeploymentId"})


def _versions(template: Template, parameters: Settings) -> dict[str, tuple[str, str]]:
    """By function: what names its version. Another name is another version."""
    return {
        properties["FunctionName"]["Ref"]: (name, properties["Description"])
        for name, properties in resources_of(template, parameters, VERSION).items()
    }


def _functions(template: Template, parameters: Settings) -> dict[str, Any]:
    """By function: all that a version keeps of it, beside its code."""
    return {
        name: {key: each for key, each in properties.items() if key not in _NOT_VERSIONED}
        for name, properties in resources_of(template, parameters, FUNCTION).items()
    }


def _published(before: Template, after: Template, parameters: Settings) -> set[str]:
    """The functions of which the change publishes a version."""
    old, new = _versions(before, {}), _versions(after, parameters)
    return {name for name in new if new[name] != old.get(name)}


def test_nothing_is_published_when_nothing_has_changed(build: Path) -> None:
    assert _published(expanded(build, {}), expanded(build, {}), {}) == set()


def test_stamping_the_same_build_again_changes_nothing(changed_build: Path) -> None:
    before = folder_digest(changed_build)

    stamp_functions(changed_build, changed_build / artifact.LAYER)

    assert folder_digest(changed_build) == before


def _add_a_line(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")


@pytest.mark.parametrize(
    "file", ["tokenvend/domain/bounds.py", "requests/__init__.py"], ids=["library", "dependency"]
)
def test_one_line_in_the_layer_publishes_every_function(
    build: Path, changed_build: Path, file: str
) -> None:
    before = expanded(build, {})

    _add_a_line(changed_build / artifact.LAYER / "python" / file)
    stamp_functions(changed_build, changed_build / artifact.LAYER)

    after = expanded(changed_build, {})
    assert _published(before, after, {}) == set(_versions(before, {}))


def test_one_line_in_a_function_publishes_that_function_alone(
    build: Path, changed_build: Path
) -> None:
    _add_a_line(changed_build / "VendIamFunction" / "app.py")
    stamp_functions(changed_build, changed_build / artifact.LAYER)

    assert _published(expanded(build, {}), expanded(changed_build, {}), {}) == {"VendIamFunction"}


def test_a_time_limit_in_the_template_publishes_the_functions_that_have_it(
    build: Path, changed_build: Path
) -> None:
    file = changed_build / "template.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("Timeout: 55", "Timeout: 50"), encoding="utf-8")
    stamp_functions(changed_build, changed_build / artifact.LAYER)

    published = _published(expanded(build, {}), expanded(changed_build, {}), {})

    assert published == {"RenewFunction", "KeepAliveFunction"}


def test_every_parameter_is_tried(template: Template) -> None:
    assert CHANGES.keys() == template["Parameters"].keys()


@pytest.mark.parametrize("name", sorted(CHANGES.keys() - _NEVER_CHANGED))
def test_a_parameter_publishes_each_function_that_it_reaches_and_no_other(
    build: Path, name: str
) -> None:
    parameters = CHANGES[name]
    before, after = expanded(build, {}), expanded(build, parameters)
    was, became = _functions(before, {}), _functions(after, parameters)
    reached = {function for function in became if became[function] != was[function]}

    assert _published(before, after, parameters) == reached


@pytest.mark.parametrize("name", ["Architecture", "MemorySeconds", "LogLevel", "Tracing"])
def test_a_parameter_that_reaches_every_vending_function_does_publish_it(
    build: Path, name: str
) -> None:
    before, after = expanded(build, {}), expanded(build, CHANGES[name])

    published = _published(before, after, CHANGES[name])

    assert {"VendIamFunction", "VendOauth2Function", "VendDirectFunction"} <= published


def test_a_replaced_version_stays_for_the_aliases_that_point_at_it(build: Path) -> None:
    versions = [
        each
        for each in expanded(build, {})["Resources"].values()
        if each["Type"] == "AWS::Lambda::Version"
    ]

    assert {each["UpdateReplacePolicy"] for each in versions} == {"Retain"}
    assert {each["DeletionPolicy"] for each in versions} == {"Retain"}


def test_a_version_can_hold_its_description_whatever_the_parameters(template: Template) -> None:
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        description = resource["Properties"]["VersionDescription"]["Fn::Sub"]
        longest = filled({"Fn::Sub": description}, _longest_values(template))
        # Lambda's own limit for a description.
        assert len(longest) <= 256


def _longest_values(template: Template) -> dict[str, str]:
    longest = {
        "SubnetIds": ",".join(["subnet-0123456789abcdef0"] * 4),
        "SecurityGroupIds": ",".join(["sg-0123456789abcdef0"] * 2),
    }
    for name, parameter in template["Parameters"].items():
        if name in longest:
            continue
        values = parameter.get("AllowedValues", [parameter.get("MaxValue", "x" * 31)])
        longest[name] = max(map(str, values), key=len)
    return longest
