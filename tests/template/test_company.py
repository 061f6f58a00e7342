"""What companies ask for: a VPC, a boundary, a path, a WAF, domains and a key of their own.

The template is expanded by SAM's translator, as a deployment expands it.
"""

import json
import re
from typing import Any

import pytest
from scripts.expand import expand, load, locate_code
from tests.template.deployed import deployed

type Resources = dict[str, Any]

CERTIFICATE = "arn:aws:acm:eu-west-1:111122223333:certificate/c"
BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/k"
WEB_ACL = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/front/0-1"
EVERYTHING = {
    "ConsentPages": "true",
    "SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
    "SecurityGroupIds": "sg-0123456789abcdef0",
    "VendingDomainName": "tokens.example.com",
    "VendingCertificateArn": CERTIFICATE,
    "PagesDomainName": "connect.example.com",
    "PagesCertificateArn": CERTIFICATE,
    "HostedZoneId": "Z123",
    "WebAclArn": WEB_ACL,
    "PermissionsBoundaryArn": BOUNDARY,
    "RolePath": "/service/",
    "SecretKeyArn": KEY,
    "IdentityTokenAudiences": "api://one,https://two.example",
}
#: Those that talk to providers; the others need no address of the company's.
IN_THE_VPC = {"VendIam", "VendOauth2", "VendDirect", "ConnectPages", "Renew", "KeepAlive"}


@pytest.fixture(scope="module")
def expanded() -> dict[str, Any]:
    return expand(locate_code(load(), {}), EVERYTHING)


@pytest.fixture(scope="module")
def standing(expanded: dict[str, Any]) -> Resources:
    return deployed(expanded, **EVERYTHING)


@pytest.fixture(scope="module")
def usual() -> Resources:
    parameters = {"ConsentPages": "true"}
    return deployed(expand(locate_code(load(), {}), parameters), **parameters)


def _of_type(resources: Resources, kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == kind}


def test_functions_that_call_providers_are_in_the_vpc_and_no_others(standing: Resources) -> None:
    functions = _of_type(standing, "AWS::Lambda::Function")
    inside = {
        name.removesuffix("Function") for name, each in functions.items() if "VpcConfig" in each
    }

    assert inside == IN_THE_VPC
    for name in inside:
        network = functions[f"{name}Function"]["VpcConfig"]
        assert network["SubnetIds"] == {"Fn::Split": [",", {"Ref": "SubnetIds"}]}
        assert network["SecurityGroupIds"] == {"Fn::Split": [",", {"Ref": "SecurityGroupIds"}]}


def test_their_roles_may_make_network_interfaces_and_their_code_may_not(
    standing: Resources,
) -> None:
    allow, deny = standing["NetworkPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    roles = _of_type(standing, "AWS::IAM::Role")
    allowed = {name for name, each in roles.items() if {"Ref": "NetworkPolicy"} in _policies(each)}

    assert allowed == {f"{name}Role" for name in IN_THE_VPC}
    assert (allow["Effect"], deny["Effect"]) == ("Allow", "Deny")
    assert allow["Action"] == deny["Action"]
    assert "lambda:SourceFunctionArn" in json.dumps(deny["Condition"])


def _policies(role: dict[str, Any]) -> list[Any]:
    found: list[Any] = role.get("ManagedPolicyArns", [])
    return found


def test_every_role_has_the_boundary_and_the_path(standing: Resources) -> None:
    roles = _of_type(standing, "AWS::IAM::Role")

    assert len(roles) >= 9
    for name, role in roles.items():
        assert role["PermissionsBoundary"] == {"Ref": "PermissionsBoundaryArn"}, name
        assert role["Path"] == {"Ref": "RolePath"}, name


def test_both_stages_have_the_web_acl(standing: Resources) -> None:
    found = _of_type(standing, "AWS::WAFv2::WebACLAssociation")

    assert {json.dumps(each["WebACLArn"]) for each in found.values()} == {'{"Ref": "WebAclArn"}'}
    stages = {re.findall(r"stages/\$\{(\w+)\}", json.dumps(each))[0] for each in found.values()}
    assert stages == set(_of_type(standing, "AWS::ApiGateway::Stage"))


@pytest.mark.parametrize(
    ("word", "api"), [("Vending", "VendingApi"), ("Pages", "PagesApi")], ids=["vending", "pages"]
)
def test_a_domain_leads_to_its_api_and_has_its_records(
    standing: Resources, word: str, api: str
) -> None:
    domain = standing[f"{word}Domain"]["Properties"]
    mapping = standing[f"{word}DomainMapping"]["Properties"]
    records = standing[f"{word}Records"]["Properties"]["RecordSets"]

    assert domain["DomainName"] == {"Ref": f"{word}DomainName"}
    assert domain["RegionalCertificateArn"] == {"Ref": f"{word}CertificateArn"}
    assert domain["SecurityPolicy"] == "TLS_1_2"
    assert mapping["RestApiId"] == {"Ref": api}
    # At the root of the domain: RFC 8414 puts the metadata of an issuer there.
    assert "BasePath" not in mapping
    assert mapping["Stage"] == {"Ref": f"{api}v1Stage"}
    assert [each["Type"] for each in records] == ["A", "AAAA"]


def test_issuer_and_redirect_uris_follow_from_the_domains(expanded: dict[str, Any]) -> None:
    resources = deployed(expanded, **EVERYTHING)
    (variables,) = [
        each["Variables"]
        for each in _of_type(resources, "AWS::ApiGateway::Stage").values()
        if "issuer_base" in each.get("Variables", {})
    ]
    outputs = json.dumps(expanded["Outputs"])

    assert variables["issuer_base"] == {"Fn::Sub": "https://${VendingDomainName}"}
    assert '"Fn::Sub": "https://${VendingDomainName}"' in outputs
    assert '"Fn::Sub": "https://${PagesDomainName}"' in outputs


def test_every_reader_of_secrets_may_open_them_with_the_companys_key(standing: Resources) -> None:
    statement = standing["SecretKeyPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]
    roles = _of_type(standing, "AWS::IAM::Role")
    readers = {
        name
        for name, role in roles.items()
        if "secretsmanager:GetSecretValue" in json.dumps([role, *_named(standing, role)])
    }

    assert readers == {f"{name}Role" for name in IN_THE_VPC}
    assert all({"Ref": "SecretKeyPolicy"} in _policies(roles[name]) for name in readers)
    assert statement["Action"] == ["kms:Decrypt"]
    assert "secretsmanager" in json.dumps(statement["Condition"])


def test_who_calls_providers_may_prove_itself_to_named_audiences_alone(
    standing: Resources,
) -> None:
    (statement,) = standing["IdentityTokenPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    roles = _of_type(standing, "AWS::IAM::Role")
    holders = {
        name for name, role in roles.items() if {"Ref": "IdentityTokenPolicy"} in _policies(role)
    }

    assert holders == {f"{name}Role" for name in IN_THE_VPC}
    assert statement["Action"] == ["sts:GetWebIdentityToken"]
    audiences = {"sts:IdentityTokenAudience": {"Ref": "IdentityTokenAudiences"}}
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": audiences,
        "Null": {"sts:IdentityTokenAudience": "false"},
        "NumericLessThanEquals": {"sts:DurationSeconds": "60"},
    }


def _named(standing: Resources, role: dict[str, Any]) -> list[Any]:
    """The managed policies of *role* that the template makes."""
    names = [each["Ref"] for each in _policies(role) if "Ref" in each]
    return [standing[name] for name in names]


def test_who_writes_secrets_may_encrypt_them_with_the_companys_key(standing: Resources) -> None:
    statements = standing["SecretWriterPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (encrypt,) = [each for each in statements if each["Sid"] == "EncryptSecrets"]

    assert encrypt["Resource"] == {"Ref": "SecretKeyArn"}
    assert set(encrypt["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_none_of_it_is_there_unless_it_is_asked_for(usual: Resources, standing: Resources) -> None:
    more = standing.keys() - usual.keys()

    assert {name for name in more if "Version" not in name and "Deployment" not in name} == {
        *("NetworkPolicy", "SecretKeyPolicy", "VendingWebAcl", "PagesWebAcl"),
        "IdentityTokenPolicy",
        *("VendingDomain", "VendingDomainMapping", "VendingRecords"),
        *("PagesDomain", "PagesDomainMapping", "PagesRecords"),
    }
    for role in _of_type(usual, "AWS::IAM::Role").values():
        assert "PermissionsBoundary" not in role
    for function in _of_type(usual, "AWS::Lambda::Function").values():
        assert "VpcConfig" not in function
