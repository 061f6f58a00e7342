"""An issuer or workload that could prove the wrong caller, or none, is refused in the file."""

from typing import Any

import pytest
from pydantic import ValidationError
from tests.configuration.issuer_samples import KEY, SUBJECT, URL, callers, issuer, parts, workload
from tests.configuration.samples import ROLE, document, problems_in
from tests.fakes.issuer import shared_key

from tokenvend_cli.configuration.load import parse_configuration
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.problems import ConfigurationError


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
