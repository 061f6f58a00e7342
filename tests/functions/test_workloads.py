"""Token exchange at the entry: the caller is a workload, and its token is in the form."""

import json
from io import StringIO
from typing import Any

import pytest
from tests.fakes.issuer import SUBJECT, URL
from tests.functions.conftest import load_handler, through
from tests.functions.token_exchange import FORM, JWT, event, token
from tests.unit.consent.harness import RETURN_URL
from tests.unit.vending.harness import Harness

from tokenvend.domain.request import ACCESS_TOKEN_TYPE


def ask(form: dict[str, str], **more: Any) -> tuple[int, dict[str, Any]]:
    answer = load_handler("vend_oauth2")(event(FORM | form, **more), through("live"))
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.usefixtures("harness")
def test_workload_gets_a_token_and_is_told_its_type() -> None:
    status, fields = ask({"subject_token": token(), "scope": "jobs_read"})

    assert status == 200
    assert fields["issued_token_type"] == ACCESS_TOKEN_TYPE
    assert (fields["token_type"], fields["scope"]) == ("Bearer", "jobs_read")


@pytest.mark.usefixtures("harness")
def test_id_token_is_taken_too_and_the_requested_type_may_be_said() -> None:
    id_token = "urn:ietf:params:oauth:token-type:id_token"
    form = {"subject_token_type": id_token, "requested_token_type": ACCESS_TOKEN_TYPE}

    status, _ = ask({"subject_token": token(), "client_id": "anybody"} | form)

    assert status == 200


@pytest.mark.usefixtures("harness")
def test_client_that_authenticates_is_answered_as_before() -> None:
    form = {"client_id": "shop", "client_secret": "tv_example", "grant_type": "client_credentials"}

    status, fields = ask(form)

    assert status == 200
    assert "issued_token_type" not in fields


def test_audit_line_names_issuer_subject_and_token_id(harness: Harness, log: StringIO) -> None:
    ask({"subject_token": (sent := token(jti="run-7"))})

    (line,) = map(json.loads, log.getvalue().splitlines())
    assert (line["identity"], line["caller"]) == ("oidc:ci/billing", "billing")
    assert (line["issuer"], line["subject"], line["token_id"]) == (URL, SUBJECT, "run-7")
    assert not [part for part in sent.split(".") if part in log.getvalue()]
    assert harness.provider.exchanges == 1


@pytest.mark.usefixtures("harness")
def test_refusal_names_whom_the_issuer_signed_for_and_nothing_that_it_did_not(
    log: StringIO,
) -> None:
    ask({"subject_token": token(sub="repo:evil/app:ref:x")})
    ask({"subject_token": token(iss="https://evil.example", sub="injected")})

    signed, unsigned = map(json.loads, log.getvalue().splitlines())
    assert (signed["rule"], signed["subject"]) == (
        "subject_token.subject_known",
        "repo:evil/app:ref:x",
    )
    assert unsigned["rule"] == "subject_token.issuer_known"
    assert "injected" not in log.getvalue()
    assert "evil.example" not in log.getvalue()


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "https://other.example"},
        {"exp": 1},
        {"sub": "repo:evil/app:ref:x"},
    ],
)
def test_token_that_proves_nobody_is_a_bad_request(claims: dict[str, Any]) -> None:
    """RFC 8693 §2.2.2 wants `invalid_request` for it."""
    status, fields = ask({"subject_token": token(**claims)})

    assert (status, fields["error"]) == (400, "invalid_request")
    assert "access_token" not in fields


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param({"subject_token": ""}, "subject_token", id="no token"),
        pytest.param({"subject_token": "é.é.é"}, "subject_token", id="not ASCII"),
        pytest.param({"subject_token_type": ""}, "subject_token_type", id="no type"),
        pytest.param(
            {"subject_token_type": ACCESS_TOKEN_TYPE}, "subject_token_type", id="another type"
        ),
        pytest.param(
            {"requested_token_type": JWT}, "requested_token_type", id="another type requested"
        ),
        pytest.param({"actor_token": "x"}, "actor_token", id="an actor"),
    ],
)
def test_malformed_exchange_is_told_what_is_wrong(change: dict[str, str], named: str) -> None:
    status, fields = ask({"subject_token": token()} | change)

    assert (status, fields["error"]) == (400, "invalid_request")
    assert named in fields["error_description"]


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("proof", [{"client_secret": "tv_example"}, {"client_assertion": "x"}])
def test_client_that_is_not_named_is_not_proven_by_the_subject_token(proof: dict[str, str]) -> None:
    status, fields = ask({"subject_token": token()} | proof)

    assert (status, fields["error"]) == (401, "invalid_client")


@pytest.mark.usefixtures("harness")
def test_client_with_a_workloads_token_is_refused() -> None:
    """Beside a client that authenticates, the token would have to be its user's."""
    client = {"client_id": "shop", "client_secret": "tv_example"}

    status, fields = ask({"subject_token": token()} | client)

    assert (status, fields["error"]) == (400, "invalid_request")


@pytest.mark.usefixtures("harness")
def test_repeated_subject_token_is_refused() -> None:
    """RFC 6749 §3.2: else one could be verified and another be used."""
    sent = event(FORM | {"subject_token": token()})
    sent["body"] += f"&subject_token={token()}"

    answer = load_handler("vend_oauth2")(sent, through("live"))

    assert answer["statusCode"] == 400


@pytest.mark.usefixtures("harness")
def test_subject_token_proves_nobody_without_its_grant_type() -> None:
    status, fields = ask({"subject_token": token(), "grant_type": "client_credentials"})

    assert (status, fields["error"]) == (401, "invalid_client")


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(("function", "alias"), [("vend_iam", "live"), ("vend_direct", "billing")])
def test_other_entries_take_no_subject_token(function: str, alias: str) -> None:
    form = FORM | {"subject_token": token(), "credential": "jobs"}
    signed = {
        "userArn": "arn:aws:sts::111122223333:assumed-role/billing/session",
        "user": "AROAEXAMPLEEXAMPLE:s",
    }
    sent: Any = form
    if function == "vend_iam":
        sent = event(form, route="/iam/{credential}/token")
        sent["requestContext"] = {"identity": signed}

    answer = load_handler(function)(sent, through(alias))

    fields = json.loads(answer["body"]) if "body" in answer else answer
    assert fields["error"] in {"unsupported_grant_type", "invalid_request"}


def test_blocked_caller_is_not_proven(harness: Harness) -> None:
    harness.reader.blocked.add("oidc:ci/billing")

    status, fields = ask({"subject_token": token()})

    assert (status, fields["error"]) == (401, "invalid_client")


@pytest.mark.usefixtures("harness")
def test_grant_holds_for_a_workload_as_for_anybody() -> None:
    assert ask({"subject_token": token(), "scope": "jobs_manage"})[1]["error"] == "invalid_scope"
    refused = ask({"subject_token": token()}, credential="secret-jobs")
    assert refused[1]["error"] == "unauthorized_client"


@pytest.mark.usefixtures("harness")
def test_api_key_looks_to_a_workload_as_if_there_were_none() -> None:
    assert ask({"subject_token": token()}, credential="jobs-key") == ask(
        {"subject_token": token()}, credential="nothing"
    )


def test_workload_reports_a_token_that_an_api_refused(harness: Harness) -> None:
    _, vended = ask({"subject_token": token()})

    status, fields = ask(
        {"subject_token": token(), "token_sha256": vended["token_sha256"]},
        route="/oauth2/{credential}/token/reject",
    )

    assert (status, fields["outcome"]) == (200, "accepted")
    ask({"subject_token": token()})
    assert harness.provider.exchanges == 2


@pytest.mark.usefixtures("harness")
def test_workload_starts_a_users_connection(log: StringIO) -> None:
    form = {
        "subject_token": token(),
        "connection": "user-7",
        "return_url": RETURN_URL,
    }

    status, fields = ask(
        form,
        route="/oauth2/{credential}/connections/{action}",
        credential="hiring",
        action="start",
    )

    assert (status, fields.get("error")) == (200, None)
    assert fields["connection"] == "user-7"
    assert json.loads(log.getvalue().splitlines()[-1])["subject"] == SUBJECT
