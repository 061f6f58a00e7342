"""The built template as SAM's translator expands it, before and after a change."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.expand import expand, load, locate_code
from tests.template.deployed import deployed

from tokenvend_local.release_stamp import folder_digest

type Template = dict[str, Any]
type Settings = Mapping[str, str]
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


def expanded(build: Path, parameters: Settings) -> Template:
    parts = [path for path in build.iterdir() if path.is_dir()]
    template = locate_code(
        load(build / "template.yaml"), {part.name: folder_digest(part) for part in parts}
    )
    return expand(template, USUAL | dict(parameters))


def filled(value: Any, parameters: Settings) -> Any:
    """*value* with each reference to a parameter replaced by the parameter's value."""
    match value:
        case {"Ref": name} if name in parameters:
            return parameters[name]
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{(\w+)\}", lambda m: str(parameters.get(m[1], m[0])), text)
        case dict():
            return {name: filled(each, parameters) for name, each in value.items()}
        case list():
            return [filled(each, parameters) for each in value]
    return value


def resources_of(template: Template, parameters: Settings, kind: str) -> dict[str, Any]:
    given = {name: str(each.get("Default")) for name, each in template["Parameters"].items()}
    given |= USUAL | dict(parameters)
    standing = deployed(template, **USUAL | dict(parameters))
    return {
        name: filled(resource["Properties"], given)
        for name, resource in standing.items()
        if resource["Type"] == kind
    }
