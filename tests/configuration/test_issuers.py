"""Issuers and workloads of the file: what is refused, and what is compiled."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from tests.configuration.samples import ROLE, document, grant, problems_in, resolved
from tests.fakes.issuer import public_jwk, shared_key

from tokenvend.adapters.dynamodb.issuer_items import parse_issuer
from tokenvend.adapters.dynamodb.registry_items import RegistryItem
from tokenvend.domain.workload.issuer import SubjectRule
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.load import parse_configuration
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.deployment.changes import changes_between
from tokenvend_cli.deployment.kinds import ItemKind, kind_of, name_of
from tokenvend_cli.problems import ConfigurationError

URL = "https://ci.example"
SUBJECT = "repo:acme/app:ref:refs/heads/main"
KEY = public_jwk(shared_key("ES256"))
DEPLOYED_AT = "https://tokens.example.com"


def issuer(**changes: Any) -> dict[str, Any]:
    return {"ci": {"issuer": URL, "keys": [KEY]} | changes}


def workload(**fields: Any) -> dict[str, Any]:
    return {"workload": {"issuer": "ci"} | fields}


def callers(**each: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: {"identities": identities} for name, identities in each.items()}


def parts(**changes: Any) -> dict[str, Any]:
    return {"issuers": issuer(), "callers": callers(billing=[workload(sub=SUBJECT)])} | changes


def compiled(**changes: Any) -> dict[tuple[str, str], RegistryItem]:
    configuration = ConfigurationModel.model_validate(document(**parts(**changes)))
    providers, _ = resolved(configuration)
    items = compile_registry(configuration, providers, deployment_url=DEPLOYED_AT)
    return {item.key: item for item in items}


def test_file_without_fault_has_no_problem() -> None:
    assert problems_in(parts()) == []


def test_workload_is_compiled_to_a_rule_of_its_issuer_and_a_grant_of_its_caller() -> None:
    items = compiled()

    found = parse_issuer(items["issuer#https://ci.example", "*"].document)
    assert (found.name, found.issuer, found.audience) == ("ci", URL, DEPLOYED_AT)
    assert found.algorithms == {"RS256", "ES256", "ES384"}
    assert found.max_age == timedelta(hours=1)
    assert found.rules == (SubjectRule(caller="billing", subject=SUBJECT),)
    assert items["oidc:ci/billing", "*"].document["caller"] == "billing"
    assert items["oidc:ci/billing", "jobs"].document["caller"] == "billing"


def test_settings_of_an_issuer_are_compiled() -> None:
    told = issuer(audience="urn:us", algorithms=["PS512"], max_age_seconds=60, one_time=True)

    found = parse_issuer(compiled(issuers=told)["issuer#https://ci.example", "*"].document)

    assert found.audience == "urn:us"
    assert found.algorithms == {"PS512"}
    assert found.max_age == timedelta(seconds=60)
    assert found.one_time


def test_workloads_of_one_caller_and_issuer_share_an_identity() -> None:
    identities = [workload(sub=SUBJECT), workload(claims={"env": "prod"}), {"iam": ROLE}]

    items = compiled(callers=callers(billing=identities))

    rules = parse_issuer(items["issuer#https://ci.example", "*"].document).rules
    assert [rule.subject for rule in rules] == [SUBJECT, None]
    assert [pk for pk, sk in items if sk == "jobs"] == [
        "oidc:ci/billing",
        "iam:111122223333:role/billing",
    ]


def test_change_of_a_rule_is_a_change_of_its_issuer() -> None:
    before = list(compiled().values())
    after = list(compiled(callers=callers(billing=[workload(sub=SUBJECT + "2")])).values())

    (change,) = changes_between(before, after)
    assert (kind_of(change.item), name_of(change.item)) == (ItemKind.ISSUER, "ci")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param(
            {"issuers": {}},
            "callers.billing.identities[0].workload.issuer: there is no issuer ci",
            id="no issuer",
        ),
        pytest.param(
            {"issuers": issuer() | {"same": {"issuer": URL, "keys": [KEY]}}},
            "issuers.same.issuer: is issuers.ci already",
            id="one iss, two names",
        ),
        pytest.param(
            {"issuers": issuer(keys=[dict(shared_key("ES256").as_dict(private=True))])},
            "issuers.ci.keys[0]: is a private key",
            id="private key",
        ),
        pytest.param(
            {"issuers": issuer(keys=[KEY, {"kty": "oct", "kid": "x"}])},
            "issuers.ci.keys[1]: can verify no signature",
            id="symmetric key",
        ),
        pytest.param(
            {"callers": callers(billing=[workload(sub="*/*:*")])},
            "callers.billing.identities[0].workload: nothing of it is exact",
            id="nearly everybody",
        ),
        pytest.param(
            {"callers": callers(billing=[workload(sub="repo:acme/**")])},
            "callers.billing.identities[0].workload: `*` does not cross a segment",
            id="two stars",
        ),
        pytest.param(
            {"callers": callers(billing=[workload(sub="a", claims={"sub": "b"})])},
            "callers.billing.identities[0].workload.claims.sub: is for sub to say",
            id="sub twice",
        ),
        pytest.param(
            {
                "callers": callers(
                    billing=[workload(sub="repo:acme/app:ref:refs/heads/*")],
                    shop=[workload(sub=SUBJECT)],
                )
            },
            "callers.shop.identities[0].workload: a token could be callers.billing too",
            id="two callers",
        ),
    ],
)
def test_fault_is_found(changes: dict[str, Any], told: str) -> None:
    (problem,) = problems_in(parts(**changes))

    assert problem.startswith(told)


def test_callers_that_a_claim_tells_apart_may_have_one_subject() -> None:
    both = {
        name: [workload(sub=SUBJECT, claims={"environment": name})] for name in ("billing", "shop")
    }

    assert problems_in(parts(callers=callers(**both))) == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"algorithms": ["HS256"]}, id="symmetric"),
        pytest.param({"algorithms": ["none"]}, id="none"),
        pytest.param({"algorithms": []}, id="no algorithm"),
        pytest.param({"max_age_seconds": 0}, id="no age"),
        pytest.param({"max_age_seconds": 86_401}, id="more than a day"),
        pytest.param({"keys": []}, id="no key"),
        pytest.param({"jwks_uri": "https://ci.example/keys"}, id="keys in two places"),
        pytest.param({"issuer": "https://ci.example\n"}, id="control character"),
        pytest.param({"audience": ""}, id="empty audience"),
    ],
)
def test_issuer_that_cannot_be_trusted_is_not_well_formed(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ConfigurationModel.model_validate(document(**parts(issuers=issuer(**changes))))


@pytest.mark.parametrize(
    "identity",
    [
        pytest.param({"workload": {"issuer": "ci"}}, id="any token of the issuer"),
        pytest.param(workload(sub="a") | {"client": "c"}, id="two kinds"),
        pytest.param(workload(sub="a\n"), id="control character"),
        pytest.param(workload(claims={"a": ["b"]}), id="a list"),
        pytest.param(workload(claims={"a": 1.5}), id="a fraction"),
        pytest.param(workload(claims={"a": None}), id="nothing"),
        pytest.param(workload(sub="a") | {"unique_id": "AROAEXAMPLEBILLING123"}, id="unique id"),
    ],
)
def test_workload_that_names_nobody_is_not_well_formed(identity: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ConfigurationModel.model_validate(document(**parts(callers=callers(billing=[identity]))))


def test_claims_may_be_nested_numbers_and_truth_values() -> None:
    claims = {"kubernetes.io": {"namespace": "billing"}, "run": 1, "verified": True}

    found = parse_issuer(
        compiled(callers=callers(billing=[workload(claims=claims)]))[
            "issuer#https://ci.example", "*"
        ].document
    )

    assert found.rules[0].claims == claims


def test_fault_within_a_claim_is_told_with_its_line() -> None:
    text = """
version: 1
callers:
  billing:
    identities:
      - workload:
          issuer: ci
          claims: {env: 1.5}
"""
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(text, name="file")

    assert {problem.line for problem in caught.value.problems} == {8}


def test_grant_names_a_caller_that_is_a_workload() -> None:
    assert problems_in(parts(grants=[grant()])) == []


@pytest.mark.parametrize("invokes", [False, True])
def test_workload_may_have_an_api_key_where_it_may_invoke(*, invokes: bool) -> None:
    """At `/oauth2` a key would be sent as a bearer token."""
    more: dict[str, Any] = {"direct_workloads": {"principals": [ROLE]}} if invokes else {}
    key = {
        "providers": {"acme": {"api_key": {"header_name": "X-Key"}}},
        "credentials": {"jobs": {"provider": "acme", "kind": "api_key"}},
        "grants": [{"caller": "billing", "credential": "jobs", "full_access": True}],
    }

    assert bool(problems_in(parts(**key, **more))) is not invokes


def test_principal_of_the_shared_alias_must_be_one() -> None:
    direct = {"principals": [ROLE.replace("role/billing", "role//")]}

    (problem,) = problems_in(parts(direct_workloads=direct))

    assert problem.startswith("direct_workloads.principals[0]: ")


GITHUB, GITLAB = "https://token.actions.githubusercontent.com", "https://gitlab.com"


@pytest.mark.parametrize(
    ("url", "fields", "is_named"),
    [
        pytest.param(GITHUB, {"sub": "repo:acme/*:ref:refs/heads/main"}, True, id="owner in sub"),
        pytest.param(GITHUB, {"sub": "repo:*/app:ref:refs/heads/main"}, False, id="any owner"),
        pytest.param(GITHUB, {"sub": "repo:a*/app:ref:refs/heads/main"}, False, id="a beginning"),
        pytest.param(GITHUB, {"claims": {"ref": "refs/heads/main"}}, False, id="a branch alone"),
        pytest.param(GITHUB, {"claims": {"repository_owner_id": "42"}}, True, id="owner's id"),
        pytest.param(GITHUB, {"claims": {"repository": "acme/*"}}, True, id="owner's repositories"),
        pytest.param(GITHUB, {"claims": {"repository": "*/app"}}, False, id="any owner's app"),
        pytest.param(
            GITLAB, {"sub": "project_path:acme/*:ref_type:branch:ref:main"}, True, id="group"
        ),
        pytest.param(
            GITLAB, {"sub": "project_path:*/app:ref_type:branch:ref:main"}, False, id="any group"
        ),
        pytest.param(GITLAB, {"claims": {"namespace_id": "42"}}, True, id="group's id"),
        pytest.param(
            URL, {"sub": "repo:*/app:ref:refs/heads/main"}, True, id="an issuer of your own"
        ),
    ],
)
def test_rule_at_a_shared_issuer_names_an_owner(
    url: str, fields: dict[str, Any], *, is_named: bool
) -> None:
    found = problems_in(
        parts(issuers=issuer(issuer=url), callers=callers(billing=[workload(**fields)]))
    )

    assert [problem for problem in found if "anybody with an account" not in problem] == []
    assert (found == []) is is_named


@pytest.mark.parametrize(
    ("count", "length", "fits"),
    [(1_000, 10, True), (1_001, 10, False), (300, 700, True), (300, 1_000, False)],
)
def test_workloads_of_one_issuer_fit_into_an_item(count: int, length: int, *, fits: bool) -> None:
    identities = [workload(sub=f"{number:04}".ljust(length, "a")) for number in range(count)]

    found = problems_in(parts(callers=callers(billing=identities)))

    assert (found == []) is fits
    if fits:
        item = compiled(callers=callers(billing=identities))["issuer#https://ci.example", "*"]
        assert len(item.to_item()["document"]["S"]) < 390_000
