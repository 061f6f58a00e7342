"""Issuers and workloads of the file are compiled to rules and grants."""

from datetime import timedelta
from typing import Any

import pytest
from tests.configuration.issuer_samples import (
    DEPLOYED_AT,
    SUBJECT,
    URL,
    callers,
    compiled,
    issuer,
    parts,
    workload,
)
from tests.configuration.samples import ROLE, grant, problems_in

from tokenvend.adapters.dynamodb.issuer_items import parse_issuer
from tokenvend.domain.workload.issuer import SubjectRule
from tokenvend_cli.deployment.changes import changes_between
from tokenvend_cli.deployment.kinds import ItemKind, kind_of, name_of


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


def test_callers_that_a_claim_tells_apart_may_have_one_subject() -> None:
    both = {
        name: [workload(sub=SUBJECT, claims={"environment": name})] for name in ("billing", "shop")
    }

    assert problems_in(parts(callers=callers(**both))) == []


def test_claims_may_be_nested_numbers_and_truth_values() -> None:
    claims = {"kubernetes.io": {"namespace": "billing"}, "run": 1, "verified": True}

    found = parse_issuer(
        compiled(callers=callers(billing=[workload(claims=claims)]))[
            "issuer#https://ci.example", "*"
        ].document
    )

    assert found.rules[0].claims == claims


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
