"""`explain` names the rule behind a decision, the same from the file and from the deployment."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from tests.cli.conftest import Tokenvend

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
ROLE = "arn:aws:iam::123456789012:role/service/shop"
SESSION = "arn:aws:sts::123456789012:assumed-role/shop/me"


def _rich_file(document: dict[str, Any]) -> None:
    """A caller with a role and a client, whose grant has every kind of ceiling."""
    document["providers"]["acme"] |= {"scope_mode": "narrows", "scope_mode_source": "its manual"}
    document["credentials"]["jobs"]["scopes"] = ["read", "write", "admin"]
    document["callers"]["shop"]["identities"].append({"iam": ROLE, "unique_id": "AROA" + "1" * 17})
    document["grants"][0] |= {
        "scopes": ["read", "write"],
        "default_scopes": ["read"],
        "audiences": ["https://a.example", "https://b.example"],
        "resources": ["urn:a"],
        "isolation": "caller",
        "observe": {"scopes": ["admin"], "until": (TODAY + timedelta(days=9)).date()},
    }


type Source = tuple[str, ...]
DEPLOYED: Source = ("--deployed",)


@pytest.fixture(params=["file", "deployed"])
def source(request: pytest.FixtureRequest, tokenvend: Tokenvend) -> Source:
    """The options that ask the file, or what is deployed: the answers must be the same."""
    tokenvend.file.write_text(_with_dates(tokenvend, _rich_file), encoding="utf-8")
    if request.param == "file":
        return "--file", str(tokenvend.file)
    tokenvend.apply()
    tokenvend.file.unlink()
    return DEPLOYED


def _with_dates(tokenvend: Tokenvend, change: Any) -> str:
    tokenvend.write()
    document = yaml.safe_load(tokenvend.file.read_text(encoding="utf-8"))
    change(document)
    return yaml.safe_dump(document)


JOBS = ("--credential", "jobs", "--audience", "https://a.example")
PARTNER = ("--caller", "events", "--credential", "partner")


@pytest.mark.parametrize(
    ("words", "rule", "error"),
    [
        pytest.param(("--caller", "shop", *JOBS), "granted", None, id="granted"),
        pytest.param(
            ("--identity", "client:nobody", *JOBS), "caller.known", "invalid_client", id="unknown"
        ),
        pytest.param(
            ("--caller", "shop", "--credential", "partner"),
            "grant.exists",
            "unauthorized_client",
            id="no grant",
        ),
        pytest.param(
            ("--caller", "shop", "--credential", "nothing"),
            "grant.exists",
            "unauthorized_client",
            id="no credential",
        ),
        pytest.param(
            ("--caller", "shop", *JOBS, "--tenant", "acme"),
            "grant.tenants",
            "invalid_target",
            id="tenant of none",
        ),
        pytest.param(PARTNER, "grant.tenants", "invalid_target", id="no tenant"),
        pytest.param(
            ("--caller", "shop", *JOBS, "--scope", "read delete"),
            "grant.scopes",
            "invalid_scope",
            id="scope",
        ),
        pytest.param(
            ("--caller", "shop", "--credential", "jobs"),
            "grant.audiences",
            "invalid_target",
            id="one of two audiences",
        ),
        pytest.param(
            ("--caller", "shop", *JOBS, "--resource", "urn:b"),
            "grant.resources",
            "invalid_target",
            id="resource",
        ),
    ],
)
def test_rule_behind_the_decision_is_named(
    tokenvend: Tokenvend, source: Source, words: tuple[str, ...], rule: str, error: str | None
) -> None:
    shown = tokenvend("explain", *words, *source)
    verdicts = tokenvend.json("explain", *words, *source)

    assert {(each["rule"], each.get("error")) for each in verdicts} == {(rule, error)}
    assert {each["decision"] for each in verdicts} == {"refused" if error else "granted"}
    assert shown.exit_code == (1 if error else 0)
    assert set(re.findall(r"^  rule +(\S+)$", shown.stdout, re.MULTILINE)) == {rule}


def test_token_is_described(tokenvend: Tokenvend, source: Source) -> None:
    question = ("--identity", "client:shop-web", *JOBS, "--scope", "read admin")

    (verdict,) = tokenvend.json("explain", *question, *source)

    key = verdict.pop("key")
    assert verdict == {
        "identity": "client:shop-web",
        "caller": "shop",
        "credential": "jobs",
        "decision": "granted",
        "rule": "granted",
        "scope": "admin read",
        "scope_mode": "narrows",
        "observed_scope": "admin",
        "tenant": None,
        "audience": "https://a.example",
        "resource": "urn:a",
        "token_endpoint": "https://login.acme.example/token",
        "request": "POST https://login.acme.example/token",
        "request_headers": "Accept: application/json,"
        " Authorization: Basic ({secret.client_id}:{secret.client_secret})",
        "request_body": "grant_type=client_credentials&scope=admin+read"
        "&audience=https://a.example&resource=urn:a",
        "client_certificate": None,
        "api_request": "Authorization: Bearer {token}",
        "lifetime": "expires_in of the answer, else exp of a JWT, else 300 s",
        "shared": False,
    }
    assert len(key) == 64


def test_caller_is_explained_for_each_of_its_identities(
    tokenvend: Tokenvend, source: Source
) -> None:
    verdicts = tokenvend.json("explain", "--caller", "shop", *JOBS, *source)

    assert {each["identity"] for each in verdicts} == {
        "client:shop-web",
        "iam:123456789012:role/shop",
    }


@pytest.mark.parametrize("identity", [ROLE, SESSION, "iam:123456789012:role/shop"])
def test_identity_may_be_an_arn_as_aws_shows_it(
    tokenvend: Tokenvend, source: Source, identity: str
) -> None:
    (verdict,) = tokenvend.json("explain", "--identity", identity, *JOBS, *source)

    assert (verdict["identity"], verdict["caller"], verdict["decision"]) == (
        "iam:123456789012:role/shop",
        "shop",
        "granted",
    )


@pytest.mark.parametrize(
    ("block", "rule", "reason"),
    [
        (("caller", "shop"), "caller.blocked", "The caller is blocked: see `tokenvend blocks`."),
        (
            ("client", "shop-web"),
            "caller.blocked",
            "The caller is blocked: see `tokenvend blocks`.",
        ),
        (("credential", "jobs"), "credential.blocked", "The credential is blocked: see"),
    ],
)
def test_block_is_seen_in_what_is_deployed_and_not_in_the_file(
    tokenvend: Tokenvend, block: tuple[str, str], rule: str, reason: str
) -> None:
    tokenvend.apply()
    tokenvend("block", *block, "--reason", "x")
    question = ("--caller", "shop", "--credential", "jobs")

    (from_deployed,) = tokenvend.json("explain", *question, *DEPLOYED)
    (from_file,) = tokenvend.json("explain", *question, "--file", str(tokenvend.file))

    assert (from_deployed["rule"], from_file["rule"]) == (rule, "granted")
    assert reason in from_deployed["reason"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        pytest.param(
            ("--caller", "shp", *JOBS),
            1,
            "there is no caller shp; the callers are: events, shop",
            id="unknown caller",
        ),
        pytest.param(JOBS, 2, "exactly one of --caller, --identity and --claims", id="nobody"),
        pytest.param(
            ("--caller", "shop", "--identity", "client:a", *JOBS), 2, "exactly one", id="both"
        ),
        pytest.param(("--caller", "shop"), 2, "Missing option '--credential'", id="nothing"),
        pytest.param(
            ("--caller", "shop", "--credential", "JOBS"), 2, "not a well-formed name", id="no name"
        ),
        pytest.param(
            ("--caller", "shop", *JOBS, "--scope", ""), 2, "scope is empty", id="empty scope"
        ),
        pytest.param(
            ("--identity", "arn:aws:iam::123456789012:root", *JOBS),
            2,
            "the ARN of an IAM role or user",
            id="root user",
        ),
    ],
)
def test_question_that_cannot_be_meant_is_refused(
    tokenvend: Tokenvend, words: tuple[str, ...], code: int, told: str
) -> None:
    result = tokenvend.on_file("explain", *words)

    assert (result.exit_code, result.stdout) == (code, "")
    assert told in result.stderr


def test_file_of_a_local_stack_is_explained_as_any_other(tokenvend: Tokenvend) -> None:
    loopback = {"token_endpoint": "http://127.0.0.1:8123/token"}
    tokenvend.write(lambda document: document["providers"].update(acme=loopback))

    result = tokenvend.on_file("explain", "--caller", "shop", "--credential", "jobs")

    assert result.exit_code == 0, result.stderr


def test_wrong_file_is_not_explained(tokenvend: Tokenvend) -> None:
    tokenvend.write(lambda document: document["grants"][0].update(scopes=["delete"]))

    result = tokenvend.on_file("explain", "--caller", "shop", "--credential", "jobs")

    assert result.exit_code == 2
    assert "grants[0].scopes: jobs does not declare delete" in result.stderr
