"""Validate the expanded template in several Regions, for each relevant set of parameters.

Three tools check it: cfn-lint knows the properties and resource types of a Region;
cloudformation-validate, with the rules of cdk-preflight, knows why real deployments were refused;
parliament reads each policy as IAM does. `python -m scripts.validate` is part of `make check`.
"""

import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import cfnlint.api
from cloudformation_validate import (
    CompositeEngine,
    CompositeEngineConfig,
    ExternalRuleSource,
    PseudoParameterOverrides,
    TemplateContent,
    ValidateConfig,
)

from scripts.decide import decided_resources
from scripts.envs import ENVIRONMENTS, NODE
from scripts.expand import ACCOUNT, expand, load, locate_code

#: A Region of each partition, and the one where most services appear first.
REGIONS: Mapping[str, str] = {
    "eu-west-1": "aws",
    "us-east-1": "aws",
    "us-gov-west-1": "aws-us-gov",
    "cn-north-1": "aws-cn",
}
#: A type that some Regions lack. The template's Rules refuse a deployment there.
ABSENT_TYPE = "AWS::Lambda::ResourcePolicy"
_PAGES = {"ConsentPages": "true"}
SETS: Mapping[str, Mapping[str, str]] = {
    "defaults": {},
    "pages and alarms": {
        **_PAGES,
        "AlarmTopicArn": "arn:{partition}:sns:{region}:{account}:alarms",
        "SnapStart": "true",
    },
    "private": {
        "ApiEndpointType": "PRIVATE",
        "VpcEndpointIds": "vpce-0123456789abcdef0",
        "ProvisionedConcurrency": "2",
    },
    "reserved and traced": {"HttpConcurrency": "5", "DirectConcurrency": "5", "Tracing": "Active"},
    "a company's": {
        **_PAGES,
        "SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
        "SecurityGroupIds": "sg-0123456789abcdef0",
        "VendingDomainName": "tokens.example.com",
        "VendingCertificateArn": "arn:{partition}:acm:{region}:{account}:certificate/11112222",
        "PagesDomainName": "connect.example.com",
        "PagesCertificateArn": "arn:{partition}:acm:{region}:{account}:certificate/11112222",
        "HostedZoneId": "Z0123456789ABCDEFGHIJ",
        "WebAclArn": "arn:{partition}:wafv2:{region}:{account}:regional/webacl/front/1111-2222",
        "PermissionsBoundaryArn": "arn:{partition}:iam::{account}:policy/boundary",
        "RolePath": "/service/",
        "SecretKeyArn": "arn:{partition}:kms:{region}:{account}:key/11112222-3333",
        "IdentityTokenAudiences": "api://one,https://two.example",
        "ApiGatewayLogsRole": "true",
        "AllowedAccounts": "111122223333,444455556666",
    },
}
_NODE_RULES = (
    "import rules from 'cdk-preflight/lib/rules.generated.js';"
    "process.stdout.write(JSON.stringify(rules))"
)
_PARLIAMENT = """
import json, sys, warnings
warnings.simplefilter("ignore")
from parliament import analyze_policy_string, enhance_finding
for name, policy in json.load(sys.stdin).items():
    for finding in analyze_policy_string(json.dumps(policy), ignore_private_auditors=True).findings:
        known = enhance_finding(finding)
        print(f"{name}: {known.severity} {known.issue} {known.detail}")
"""
#: The beginnings of accepted findings: Lambda asks for these rights on every interface, it
#: sets this key for every call of a function's code, and these actions are newer than parliament.
ACCEPTED = (
    "NetworkPolicy: LOW RESOURCE_STAR",
    "NetworkPolicy: MEDIUM UNKNOWN_CONDITION_FOR_ACTION Unknown condition lambda:SourceFunctionArn",
    "IdentityTokenPolicy: LOW UNKNOWN_ACTION Unknown action sts:GetWebIdentityToken",
    "RegistryWriterPolicy: LOW UNKNOWN_ACTION Unknown action lambda:GetResourcePolicy",
    "RegistryWriterPolicy: LOW UNKNOWN_ACTION Unknown action lambda:PutResourcePolicy",
)


def parameters_of(name: str, region: str) -> dict[str, str]:
    """Return the set *name* with ARNs for *region*, without features that Lambda lacks there."""
    values = {"partition": REGIONS[region], "region": region, "account": ACCOUNT}
    absent = set() if REGIONS[region] == "aws" else {"SnapStart"}
    return {key: value.format(**values) for key, value in SETS[name].items() if key not in absent}


def template_for(region: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the expanded template with its conditions evaluated, as CloudFormation deploys it."""
    template = expand(locate_code(load(), {}), parameters, region=region)
    resources = decided_resources(template, parameters)
    kept = {key: template[key] for key in ("AWSTemplateFormatVersion", "Description", "Parameters")}
    return {**kept, "Resources": resources}


def lint(template: Mapping[str, Any], region: str) -> Iterator[str]:
    """Return cfn-lint's errors for *region*."""
    for match in cfnlint.api.lint(json.dumps(template), regions=[region]):
        if match.rule.id.startswith("E") and ABSENT_TYPE not in match.message:
            yield f"{match.rule.id} {'/'.join(map(str, match.path or []))}: {match.message}"


class Validator:
    """cloudformation-validate with the rules of cdk-preflight for the types that are used."""

    def __init__(self, types: set[str]) -> None:
        listed = subprocess.run(
            ["node", "--input-type=module", "--eval", _NODE_RULES],
            cwd=NODE,
            capture_output=True,
            text=True,
            check=True,
        )
        bundle = json.loads(listed.stdout)
        rules = [each for each in bundle["BUNDLED_RULES"] if types & set(each["resourceTypes"])]
        sources = [
            *(
                ExternalRuleSource(name=each["name"], content=each["rego"])
                for each in bundle["BUNDLED_LIBS"]
            ),
            *(ExternalRuleSource(name=each["id"], content=each["rego"]) for each in rules),
        ]
        self.rules = len(rules)
        self._engine = CompositeEngine(CompositeEngineConfig(rego_rules=sources))

    def errors(
        self, template: Mapping[str, Any], region: str, parameters: Mapping[str, str]
    ) -> Iterator[str]:
        """Return the reasons for which a deployment in *region* would be refused."""
        config = ValidateConfig(
            parameter_overrides=dict(parameters),
            pseudo_parameter_overrides=PseudoParameterOverrides(
                region=region, partition=REGIONS[region], account_id=ACCOUNT
            ),
        )
        report = self._engine.validate_template(TemplateContent(json.dumps(template)), config)
        for each in report.diagnostics:
            if each.severity.name in {"ERROR", "FATAL"} and ABSENT_TYPE not in each.message:
                where = each.entity.logical_id if each.entity else ""
                yield f"{each.rule_id} {where}: {each.message}"


def read_policies(template: Mapping[str, Any]) -> Iterator[str]:
    """Return parliament's findings in the policies of *template*, with their texts filled in."""
    policies = dict(_policies(template["Resources"]))
    python = ENVIRONMENTS["parliament"].path / "bin" / "python"
    read = subprocess.run(
        [str(python), "-c", _PARLIAMENT],
        input=json.dumps(policies),
        capture_output=True,
        text=True,
        check=True,
    )
    yield from read.stdout.splitlines()


def _policies(resources: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, resource in resources.items():
        properties = resource["Properties"]
        if resource["Type"] in {"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"}:
            yield name, _as_text(properties["PolicyDocument"])
        if resource["Type"] == "AWS::IAM::Role":
            for policy in properties.get("Policies", []):
                yield f"{name}/{policy['PolicyName']}", _as_text(policy["PolicyDocument"])


def _as_text(value: Any) -> Any:
    """Return *value* with a well-formed ARN wherever only a deployment knows the value."""
    match value:
        case {"Fn::Sub": text} if isinstance(text, str):
            return _filled(text)
        case {"Fn::GetAtt": path}:
            name = path[0] if isinstance(path, list) else path.partition(".")[0]
            return _arn_of(name)
        case {"Ref": name}:
            return _filled("${" + name + "}")
        case dict():
            return {key: _as_text(each) for key, each in value.items()}
        case list():
            return [_as_text(each) for each in value]
    return value


_PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": ACCOUNT,
    "AWS::StackName": "tokenvend",
    "AWS::URLSuffix": "amazonaws.com",
    "DeploymentId": "tokenvend",
}


def _filled(text: str) -> str:
    return re.sub(
        r"\$\{([\w:.]+)\}", lambda m: _PSEUDO.get(m[1]) or _arn_of(m[1].partition(".")[0]), text
    )


def _arn_of(name: str) -> str:
    """Return an ARN in the form of *name*, a resource or a parameter of the template."""
    start = "arn:aws:{}:eu-west-1:" + ACCOUNT
    if name.endswith("Table"):
        return start.format("dynamodb") + f":table/{name}"
    if name.endswith("Logs"):
        return start.format("logs") + f":log-group:{name}:*"
    if "Function" in name:
        return start.format("lambda") + f":function:{name}"
    if name.endswith(("Key", "KeyArn")):
        return start.format("kms") + ":key/11112222"
    return name


def main() -> int:
    """Validate every set of parameters in every Region; return 1 if anything was found."""
    # SAM's translator logs about metrics that it would publish in other environments.
    logging.disable(logging.CRITICAL)
    found: dict[str, set[str]] = {}
    everything = template_for("eu-west-1", parameters_of("a company's", "eu-west-1"))
    validator = Validator({each["Type"] for each in everything["Resources"].values()})
    for region in REGIONS:
        for name in SETS:
            parameters = parameters_of(name, region)
            template = template_for(region, parameters)
            problems = {*lint(template, region), *validator.errors(template, region, parameters)}
            if region == "eu-west-1":
                problems |= set(read_policies(template))
            for problem in problems:
                found.setdefault(problem, set()).add(f"{region}, {name}")
    unexpected = [each for each in found if not each.startswith(ACCEPTED)]
    for problem in sorted(unexpected):
        print(f"{problem}\n    in {'; '.join(sorted(found[problem]))}")
    print(f"{len(REGIONS) * len(SETS)} deployments, {validator.rules} rules of real deployments")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
