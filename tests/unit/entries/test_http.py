"""The HTTP entries: who signed, which route it came by, and how an answer is written."""

import json
from base64 import b64encode
from typing import Any

import pytest

from tokenvend.domain.connection_request import Action, ConnectionRequest
from tokenvend.domain.errors import (
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
    TooManyRequestsError,
)
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.request import RejectionReport, VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.entries.form import FORM
from tokenvend.entries.http import http_answer, http_error, parse_iam_event, parse_oauth2_event

ROLE = "arn:aws:sts::111122223333:assumed-role/billing/session"
BASIC = "Basic " + b64encode(b"shop:s3cret").decode()
NO_STORE = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}


def event(
    body: str = "",
    *,
    resource: str = "/oauth2/{credential}/token",
    action: str | None = None,
    **identity: object,
) -> dict[str, Any]:
    return {
        "resource": resource,
        "pathParameters": {"credential": "jobs", "action": action},
        "headers": {"Content-Type": FORM, "Authorization": BASIC},
        "requestContext": {"identity": identity},
        "body": body,
    }


def signed(body: str = "", **changed: Any) -> dict[str, Any]:
    return event(body, **{"userArn": ROLE, "user": "AROAONE:session", **changed})


def test_a_client_asks_by_the_route_that_the_template_names() -> None:
    proof = Proof(EntryPoint.OAUTH2, "client:shop", client_secret=Secret("s3cret"))
    digest = Secret("a-token").sha256

    assert parse_oauth2_event(event("scope=read")) == (
        proof,
        VendRequest("jobs", scopes=frozenset({"read"})),
    )
    assert parse_oauth2_event(
        event("token=a-token", resource="/oauth2/{credential}/token/reject")
    ) == (proof, RejectionReport(VendRequest("jobs"), digest))
    assert parse_oauth2_event(
        event(
            "connection=ada",
            resource="/oauth2/{credential}/connections/{action}",
            action="inspect",
        )
    ) == (
        proof,
        ConnectionRequest(action=Action.INSPECT, credential="jobs", connection="ada"),
    )


def test_a_path_that_a_caller_chose_leads_to_no_other_route() -> None:
    one = event("token=a-token") | {"path": "/oauth2/jobs/token/reject"}

    assert parse_oauth2_event(one)[1] == VendRequest("jobs")


@pytest.mark.parametrize(
    ("identity", "proof"),
    [
        (
            {"userArn": ROLE, "user": "AROAONE:session:more"},
            Proof(EntryPoint.IAM, "iam:111122223333:role/billing", unique_id="AROAONE"),
        ),
        (
            {"userArn": "arn:aws:iam::111122223333:user/jo", "user": "AIDAONE"},
            Proof(EntryPoint.IAM, "iam:111122223333:user/jo", unique_id="AIDAONE"),
        ),
        ({"userArn": ROLE, "user": None}, Proof(EntryPoint.IAM, "iam:111122223333:role/billing")),
    ],
)
def test_a_signer_is_who_the_gateway_says(identity: dict[str, Any], proof: Proof) -> None:
    assert parse_iam_event(event(**identity))[0] == proof


@pytest.mark.parametrize(
    "context",
    [
        None,
        {},
        {"identity": None},
        {"identity": {"user": "AROAONE:session"}},
        {"identity": {"userArn": None, "user": "AROAONE:session"}},
        {"identity": {"userArn": "arn:aws:iam::111122223333:root"}},
        {"identity": {"userArn": "arn:aws:sts::111122223333:federated-user/jo"}},
    ],
)
def test_a_request_that_nobody_signed_is_nobodys(context: object) -> None:
    with pytest.raises(InvalidClientError) as caught:
        parse_iam_event(signed() | {"requestContext": context})

    assert caught.value.rule == "entry.signer"


@pytest.mark.parametrize("name", ["client_id", "client_secret", "client_assertion"])
def test_a_signed_request_names_no_client(name: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_iam_event(signed(f"{name}=shop"))

    assert caught.value.rule == "request.client_authentication"
    assert caught.value.description == (
        "The signature already proves the caller: leave client_id and client_secret out."
    )


def test_a_request_without_a_path_asks_for_nothing() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_iam_event(signed() | {"pathParameters": None})

    assert caught.value.rule == "request.credential"


def test_what_no_description_may_contain_is_a_question_mark_each() -> None:
    """RFC 6749 §5.2 allows neither quotes nor backslashes nor anything beyond ASCII."""
    error = InvalidRequestError('a"b\\c\né \x7f', rule="r")

    assert json.loads(http_error(error, EntryPoint.IAM)["body"]) == {
        "error": "invalid_request",
        "error_description": "a?b?c?? ?",
    }


def test_an_answer_is_json_that_nobody_keeps() -> None:
    assert http_answer({"access_token": "t"}) == {
        "statusCode": 200,
        "headers": NO_STORE,
        "body": '{"access_token": "t"}',
    }


@pytest.mark.parametrize(
    ("error", "status", "fields", "more"),
    [
        (InvalidScopeError("no", rule="r"), 400, {"error": "invalid_scope"}, {}),
        (
            *(InvalidClientError(rule="r"), 401, {"error": "invalid_client"}),
            {"WWW-Authenticate": 'Basic realm="tokenvend", charset="UTF-8"'},
        ),
        (
            *(ProviderRefusedError("no", provider_error="x"), 502),
            *({"error": "provider_refused", "provider_error": "x"}, {}),
        ),
        (
            *(TemporarilyUnavailableError("no", rule="r", retry_after_seconds=7), 503),
            *({"error": "temporarily_unavailable"}, {"Retry-After": "7"}),
        ),
        (
            *(TooManyRequestsError("no", rule="r", retry_after_seconds=9), 429),
            *({"error": "temporarily_unavailable"}, {"Retry-After": "9"}),
        ),
    ],
)
def test_a_refusal_is_written_as_the_rfcs_say(
    error: TokenVendError, status: int, fields: dict[str, str], more: dict[str, str]
) -> None:
    answer = http_error(error, EntryPoint.OAUTH2)

    assert (answer["statusCode"], answer["headers"]) == (status, NO_STORE | more)
    assert json.loads(answer["body"]) == {"error_description": error.description, **fields}
    # Of one answer nothing is left for the next.
    assert http_error(InvalidScopeError("no", rule="r"), EntryPoint.OAUTH2)["headers"] == NO_STORE
