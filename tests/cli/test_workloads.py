"""Issuers and workloads in `plan`, `apply` and `explain`."""

import json
from typing import Any

import pytest
from tests.cli.conftest import Tokenvend
from tests.fakes.issuer import SUBJECT, URL, public_jwk, shared_key

from tokenvend_cli.configuration import discovery
from tokenvend_cli.problems import IssuerAwayError

IDENTITY = "oidc:ci/deploy"


def with_workload(document: dict[str, Any]) -> None:
    document["issuers"] = {"ci": {"issuer": URL, "keys": [public_jwk(shared_key("ES256"))]}}
    workload = {"workload": {"issuer": "ci", "sub": SUBJECT}}
    document["callers"]["deploy"] = {"identities": [workload]}
    document["grants"].append({"caller": "deploy", "credential": "jobs", "scopes": ["read"]})


@pytest.fixture
def applied(tokenvend: Tokenvend) -> Tokenvend:
    tokenvend.write(with_workload)
    tokenvend.apply()
    return tokenvend


def test_plan_shows_the_issuer_and_whom_its_tokens_prove(tokenvend: Tokenvend) -> None:
    tokenvend.write(with_workload)

    planned = tokenvend.on_file("plan").output

    assert "+ issuer ci" in planned
    assert f"+ caller deploy  known as {IDENTITY}" in planned
    assert f"+ grant deploy -> jobs  for {IDENTITY}" in planned


def test_plan_shows_what_changes_of_an_issuer(applied: Tokenvend) -> None:
    def change(document: dict[str, Any]) -> None:
        with_workload(document)
        document["callers"]["deploy"]["identities"][0]["workload"]["sub"] = SUBJECT + "2"
        document["issuers"]["ci"]["max_age_seconds"] = 60

    applied.write(change)
    planned = applied.on_file("plan").output

    assert "~ issuer ci" in planned
    assert "max_age_seconds: 3600 -> 60" in planned
    assert SUBJECT + "2" in planned


def test_audience_is_the_deployments_url_unless_it_is_given(applied: Tokenvend) -> None:
    assert "Nothing to change" in applied.on_file("plan").output

    applied.stack.outputs["VendingApiUrl"] = "https://moved.example"
    planned = applied.on_file("plan").output
    assert "audience: https://tokens.example.com -> https://moved.example" in planned


@pytest.mark.parametrize("source", ["file", "deployed"])
def test_explain_says_what_a_workload_gets(applied: Tokenvend, source: str) -> None:
    where = ["--deployed"] if source == "deployed" else ["--file", str(applied.file)]

    (verdict,) = applied.json("explain", "--credential", "jobs", "--caller", "deploy", *where)

    assert (verdict["decision"], verdict["identity"]) == ("granted", IDENTITY)


def test_blocked_caller_is_blocked_as_a_workload_too(applied: Tokenvend) -> None:
    assert applied("block", "caller", "deploy", "--reason", "INC-1").exit_code == 0

    (verdict,) = applied.json(
        "explain", "--credential", "jobs", "--identity", IDENTITY, "--deployed"
    )

    assert (verdict["decision"], verdict["rule"]) == ("refused", "caller.blocked")


def test_issuer_that_the_file_no_longer_has_is_removed(applied: Tokenvend) -> None:
    applied.write()

    planned = applied.on_file("plan").output

    assert "- issuer ci" in planned
    assert applied.apply().exit_code == 0
    refused = applied("explain", "--credential", "jobs", "--identity", IDENTITY, "--deployed")
    assert "caller.known" in refused.output


class Metadata:
    """The issuer's metadata."""

    def __init__(self) -> None:
        self.is_away = False
        self.jwks_uri = f"{URL}/keys"

    def fetch(self, url: str) -> dict[str, Any]:
        if self.is_away:
            raise IssuerAwayError(f"cannot read {url}: ConnectionError")
        return {"issuer": URL, "jwks_uri": self.jwks_uri}


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> Metadata:
    found = Metadata()
    monkeypatch.setattr(discovery, "_fetch", found.fetch)
    return found


def with_discovery(document: dict[str, Any]) -> None:
    with_workload(document)
    document["issuers"]["ci"] = {"issuer": URL}


def test_place_of_the_keys_is_read_shown_and_pinned(
    tokenvend: Tokenvend, metadata: Metadata
) -> None:
    tokenvend.write(with_discovery)

    assert f"keys: {URL}/keys" in tokenvend.on_file("plan").output
    tokenvend.apply()

    metadata.jwks_uri = "https://elsewhere.example/keys"
    planned = tokenvend.on_file("plan").output
    assert f"jwks_uri: {URL}/keys -> https://elsewhere.example/keys" in planned


def test_issuer_that_is_away_stays_as_it_was_pinned(
    tokenvend: Tokenvend, metadata: Metadata
) -> None:
    tokenvend.write(with_discovery)
    tokenvend.apply()
    metadata.is_away = True

    def with_more(document: dict[str, Any]) -> None:
        with_discovery(document)
        document["issuers"]["ci"]["max_age_seconds"] = 60

    tokenvend.write(with_more)
    told = tokenvend.on_file("plan")

    assert told.exit_code == 4
    assert "these stay as last applied: issuer ci" in told.stderr
    assert "max_age_seconds: 3600 -> 60" in told.stdout
    assert "jwks_uri" not in told.stdout
    assert tokenvend.on_file("apply", "--yes").exit_code == 0


def test_new_issuer_that_is_away_holds_the_apply_up(
    tokenvend: Tokenvend, metadata: Metadata
) -> None:
    tokenvend.write(with_discovery)
    metadata.is_away = True

    told = tokenvend.on_file("plan")
    applied = tokenvend.on_file("apply", "--yes", "--first")

    assert told.exit_code == 4
    assert "are new or changed, and are not planned: issuer ci" in told.stderr
    assert "+ issuer" not in told.stdout
    assert applied.exit_code == 1
    assert "nothing was applied: issuer ci cannot be checked" in applied.stderr


def test_metadata_of_another_issuer_is_a_fault_of_the_file(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"issuer": URL + "/", "jwks_uri": f"{URL}/keys"}
    monkeypatch.setattr(discovery, "_fetch", lambda _: answer)
    tokenvend.write(with_discovery)

    told = tokenvend.on_file("plan")

    assert told.exit_code == 2
    assert "issuers.ci.issuer: its metadata names another issuer" in told.output


def test_validate_and_explain_ask_no_issuer(
    tokenvend: Tokenvend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(url: str) -> dict[str, Any]:
        raise AssertionError(url)

    monkeypatch.setattr(discovery, "_fetch", never)
    tokenvend.write(with_discovery)

    assert tokenvend.on_file("validate").exit_code == 0
    explained = tokenvend.on_file("explain", "--caller", "deploy", "--credential", "jobs")
    assert explained.exit_code == 0


def explained(tokenvend: Tokenvend, claims: dict[str, Any] | str, *where: str) -> dict[str, Any]:
    text = claims if isinstance(claims, str) else json.dumps(claims)
    words = ("explain", "--credential", "jobs", "--claims", text, *where)
    (verdict,) = tokenvend.json(*(words if where else (*words, "--file", str(tokenvend.file))))
    return dict(verdict)


@pytest.mark.parametrize("where", [(), ("--deployed",)], ids=["file", "deployed"])
def test_explain_says_whose_a_subject_token_is(applied: Tokenvend, where: tuple[str, ...]) -> None:
    mine = explained(applied, {"iss": URL, "sub": SUBJECT}, *where)
    nobodys = explained(applied, {"iss": URL, "sub": SUBJECT + "2"}, *where)
    elsewhere = explained(applied, {"iss": URL + "/", "sub": SUBJECT}, *where)

    assert (mine["decision"], mine["caller"], mine["identity"]) == ("granted", "deploy", IDENTITY)
    assert (nobodys["decision"], nobodys["rule"]) == ("refused", "subject_token.subject_known")
    assert (elsewhere["decision"], elsewhere["rule"]) == ("refused", "subject_token.issuer_known")


def test_explain_exits_with_one_for_a_token_that_is_nobodys(applied: Tokenvend) -> None:
    claims = json.dumps({"iss": URL, "sub": "x"})

    refused = applied.on_file("explain", "--credential", "jobs", "--claims", claims)

    assert refused.exit_code == 1
    assert "No caller has this token's subject and claims." in refused.output


@pytest.mark.parametrize("claims", ["{", "[]", "{}", '{"iss": 7}'])
def test_claims_that_are_none_are_wrong_use(applied: Tokenvend, claims: str) -> None:
    refused = applied.on_file("explain", "--credential", "jobs", "--claims", claims)

    assert refused.exit_code == 2
    assert "--claims must be a JSON object with iss" in refused.output
