"""What a deployment changes is what runs, shown with SAM's translator on the built template.

`sam deploy` names each piece of code by its content. So the template is expanded before and after
a change, and the versions and API deployments in the two are compared. CloudFormation publishes
a version where its logical id is new, or where a property that only creation can set has changed.
"""

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from scripts.expand import expand, load, locate_code
from tests.template.deployed import deployed

from tokenvend_local import artifact, places
from tokenvend_local.release_stamp import folder_digest, stamp_functions

type Template = dict[str, Any]
type Settings = Mapping[str, str]

FUNCTION, VERSION = "AWS::Lambda::Function", "AWS::Lambda::Version"
#: Pages are on, so that every function is there.
USUAL: dict[str, str] = {"ConsentPages": "true"}
#: Another value for each parameter, and those that it cannot be changed without.
CHANGES: Mapping[str, dict[str, str]] = {
    "DeploymentId": {"DeploymentId": "another"},
    "IssuerBase": {"IssuerBase": "https://tokens.example.com"},
    "LocalStack": {"LocalStack": "true"},
    "Architecture": {"Architecture": "x86_64"},
    "ConsentPages": {"ConsentPages": "false"},
    "ApiEndpointType": {"ApiEndpointType": "PRIVATE", "VpcEndpointIds": "vpce-1"},
    "VpcEndpointIds": {"VpcEndpointIds": "vpce-1"},
    "AllowedAccounts": {"AllowedAccounts": "111122223333,444455556666"},
    "ThrottlingRate": {"ThrottlingRate": "7"},
    "ThrottlingBurst": {"ThrottlingBurst": "7"},
    "ApiMethodMetrics": {"ApiMethodMetrics": "true"},
    "ApiGatewayLogsRole": {"ApiGatewayLogsRole": "true"},
    "HttpConcurrency": {"HttpConcurrency": "7"},
    "DirectConcurrency": {"DirectConcurrency": "7"},
    "MemorySize": {"MemorySize": "1024"},
    "SnapStart": {"SnapStart": "true"},
    "ProvisionedConcurrency": {"ProvisionedConcurrency": "2"},
    "LogLevel": {"LogLevel": "ERROR"},
    "LogRetentionDays": {"LogRetentionDays": "30"},
    "Tracing": {"Tracing": "Active"},
    "AlarmTopicArn": {"AlarmTopicArn": "arn:aws:sns:eu-west-1:111122223333:alarms"},
    "MemorySeconds": {"MemorySeconds": "5"},
    "VendingDomainName": {"VendingDomainName": "tokens.example.com"},
    "VendingCertificateArn": {"VendingCertificateArn": "arn:aws:acm:eu-west-1:1:certificate/c"},
    "PagesDomainName": {"PagesDomainName": "connect.example.com"},
    "PagesCertificateArn": {"PagesCertificateArn": "arn:aws:acm:eu-west-1:1:certificate/c"},
    "HostedZoneId": {"HostedZoneId": "Z123"},
    "SubnetIds": {"SubnetIds": "subnet-0123456789abcdef0"},
    "SecurityGroupIds": {
        "SubnetIds": "subnet-0123456789abcdef0",
        "SecurityGroupIds": "sg-0123456789abcdef0",
    },
    "WebAclArn": {"WebAclArn": "arn:aws:wafv2:eu-west-1:1:regional/webacl/a/b"},
    "PermissionsBoundaryArn": {"PermissionsBoundaryArn": "arn:aws:iam::1:policy/b"},
    "RolePath": {"RolePath": "/service/"},
    "SecretKeyArn": {"SecretKeyArn": "arn:aws:kms:eu-west-1:1:key/k"},
    "IdentityTokenAudiences": {"IdentityTokenAudiences": "api://one"},
    "DeletionProtection": {"DeletionProtection": "false"},
    "OutageGraceSeconds": {"OutageGraceSeconds": "60"},
}
#: Properties that hold for a function whatever its version, or cannot be changed at all.
_NOT_VERSIONED = frozenset({"ReservedConcurrentExecutions", "Tags"})
#: Changing it is refused before anything is deployed (docs/deploying.md).
_NEVER_CHANGED = frozenset({"DeploymentId"})


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the build, to change at will."""
    artifact.build(tmp_path_factory.mktemp("log") / "build.log")
    folder = tmp_path_factory.mktemp("build") / "sam"
    shutil.copytree(places.SAM_BUILD, folder)
    return folder


@pytest.fixture
def changed_build(build: Path, tmp_path: Path) -> Path:
    """Another copy, for one test alone."""
    folder = tmp_path / "changed"
    shutil.copytree(build, folder)
    return folder


def _expanded(build: Path, parameters: Settings) -> Template:
    parts = [path for path in build.iterdir() if path.is_dir()]
    template = locate_code(
        load(build / "template.yaml"), {part.name: folder_digest(part) for part in parts}
    )
    return expand(template, USUAL | dict(parameters))


def _filled(value: Any, parameters: Settings) -> Any:
    """*value* with each reference to a parameter replaced by the parameter's value."""
    match value:
        case {"Ref": name} if name in parameters:
            return parameters[name]
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{(\w+)\}", lambda m: str(parameters.get(m[1], m[0])), text)
        case dict():
            return {name: _filled(each, parameters) for name, each in value.items()}
        case list():
            return [_filled(each, parameters) for each in value]
    return value


def _resources(template: Template, parameters: Settings, kind: str) -> dict[str, Any]:
    given = {name: str(each.get("Default")) for name, each in template["Parameters"].items()}
    given |= USUAL | dict(parameters)
    standing = deployed(template, **USUAL | dict(parameters))
    return {
        name: _filled(resource["Properties"], given)
        for name, resource in standing.items()
        if resource["Type"] == kind
    }


def _versions(template: Template, parameters: Settings) -> dict[str, tuple[str, str]]:
    """By function: what names its version. Another name is another version."""
    return {
        properties["FunctionName"]["Ref"]: (name, properties["Description"])
        for name, properties in _resources(template, parameters, VERSION).items()
    }


def _functions(template: Template, parameters: Settings) -> dict[str, Any]:
    """By function: all that a version keeps of it, beside its code."""
    return {
        name: {key: each for key, each in properties.items() if key not in _NOT_VERSIONED}
        for name, properties in _resources(template, parameters, FUNCTION).items()
    }


def _published(before: Template, after: Template, parameters: Settings) -> set[str]:
    """The functions of which the change publishes a version."""
    old, new = _versions(before, {}), _versions(after, parameters)
    return {name for name in new if new[name] != old.get(name)}


def test_nothing_is_published_when_nothing_has_changed(build: Path) -> None:
    assert _published(_expanded(build, {}), _expanded(build, {}), {}) == set()


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
    before = _expanded(build, {})

    _add_a_line(changed_build / artifact.LAYER / "python" / file)
    stamp_functions(changed_build, changed_build / artifact.LAYER)

    after = _expanded(changed_build, {})
    assert _published(before, after, {}) == set(_versions(before, {}))


def test_one_line_in_a_function_publishes_that_function_alone(
    build: Path, changed_build: Path
) -> None:
    _add_a_line(changed_build / "VendIamFunction" / "app.py")
    stamp_functions(changed_build, changed_build / artifact.LAYER)

    assert _published(_expanded(build, {}), _expanded(changed_build, {}), {}) == {"VendIamFunction"}


def test_a_time_limit_in_the_template_publishes_the_functions_that_have_it(
    build: Path, changed_build: Path
) -> None:
    file = changed_build / "template.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("Timeout: 55", "Timeout: 50"), encoding="utf-8")
    stamp_functions(changed_build, changed_build / artifact.LAYER)

    published = _published(_expanded(build, {}), _expanded(changed_build, {}), {})

    assert published == {"RenewFunction", "KeepAliveFunction"}


def test_every_parameter_is_tried(template: Template) -> None:
    assert CHANGES.keys() == template["Parameters"].keys()


@pytest.mark.parametrize("name", sorted(CHANGES.keys() - _NEVER_CHANGED))
def test_a_parameter_publishes_each_function_that_it_reaches_and_no_other(
    build: Path, name: str
) -> None:
    parameters = CHANGES[name]
    before, after = _expanded(build, {}), _expanded(build, parameters)
    was, became = _functions(before, {}), _functions(after, parameters)
    reached = {function for function in became if became[function] != was[function]}

    assert _published(before, after, parameters) == reached


@pytest.mark.parametrize("name", ["Architecture", "MemorySeconds", "LogLevel", "Tracing"])
def test_a_parameter_that_reaches_every_vending_function_does_publish_it(
    build: Path, name: str
) -> None:
    before, after = _expanded(build, {}), _expanded(build, CHANGES[name])

    published = _published(before, after, CHANGES[name])

    assert {"VendIamFunction", "VendOauth2Function", "VendDirectFunction"} <= published


def test_a_replaced_version_stays_for_the_aliases_that_point_at_it(build: Path) -> None:
    versions = [
        each
        for each in _expanded(build, {})["Resources"].values()
        if each["Type"] == "AWS::Lambda::Version"
    ]

    assert {each["UpdateReplacePolicy"] for each in versions} == {"Retain"}
    assert {each["DeletionPolicy"] for each in versions} == {"Retain"}


def test_a_version_can_hold_its_description_whatever_the_parameters(template: Template) -> None:
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        description = resource["Properties"]["VersionDescription"]["Fn::Sub"]
        longest = _filled({"Fn::Sub": description}, _longest_values(template))
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


# --- The APIs ---


def _deployments(template: Template) -> dict[str, str]:
    return {
        resource["Properties"]["RestApiId"]["Ref"]: name
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::ApiGateway::Deployment"
    }


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets a second pass for SAM, which names a deployment by the time it makes it."""
    seconds = [1_800_000_000.0]
    monkeypatch.setattr("time.time", lambda: seconds[0])

    def pass_one() -> None:
        seconds[0] += 1

    return pass_one


@pytest.mark.parametrize(
    "name", ["AllowedAccounts", "VpcEndpointIds", "ApiEndpointType", "IssuerBase", "ConsentPages"]
)
def test_a_change_of_policy_or_address_makes_a_new_deployment_of_the_api(
    build: Path, later: Callable[[], None], name: str
) -> None:
    before = _deployments(_expanded(build, {}))
    later()

    after = _deployments(_expanded(build, CHANGES[name]))

    assert after["VendingApi"] != before["VendingApi"]
    assert after["PagesApi"] != before["PagesApi"]


def test_a_changed_route_makes_a_new_deployment_of_the_api(
    build: Path, changed_build: Path, later: Callable[[], None]
) -> None:
    before = _deployments(_expanded(build, {}))
    later()
    file = changed_build / "template.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("/token/reject", "/token/report"), encoding="utf-8")

    assert _deployments(_expanded(changed_build, {}))["VendingApi"] != before["VendingApi"]


def test_the_stage_of_each_api_serves_the_deployment_that_was_just_made(build: Path) -> None:
    template = _expanded(build, {})
    deployments = _deployments(template)
    stages = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::ApiGateway::Stage"
    ]

    assert len(stages) == 2
    for stage in stages:
        assert stage["DeploymentId"] == {"Ref": deployments[stage["RestApiId"]["Ref"]]}


def test_method_settings_name_no_single_route(template: Template) -> None:
    # CloudFormation wants a nested path with ~1 for each slash; written as a route it is without
    # effect. `/*` is throttled by method already.
    for api in ("VendingApi", "PagesApi"):
        settings = template["Resources"][api]["Properties"]["MethodSettings"]
        assert [each["ResourcePath"] for each in settings] == ["/*"]
