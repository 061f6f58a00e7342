"""A direct invocation: whose alias it came through, and which fields a request may have."""

import pytest

from tokenvend.domain import bounds
from tokenvend.domain.connection_request import Action, ConnectionRequest
from tokenvend.domain.errors import (
    InvalidClientError,
    InvalidRequestError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.request import RejectionReport, VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.entries.alias import caller_alias_of, qualifier_of, require_live
from tokenvend.entries.direct import batch_of, direct_error, parse_direct_request, prove_alias

ARN = "arn:aws:lambda:eu-central-1:111122223333:function:tokenvend-Vend"
DIGEST = Secret("a-token").sha256


def refused(event: object) -> tuple[str, str]:
    with pytest.raises(InvalidRequestError) as caught:
        parse_direct_request(event)
    return caught.value.rule, caught.value.description


def test_a_caller_is_proven_by_its_alias_alone() -> None:
    assert caller_alias_of(f"{ARN}:billing") == "billing"
    assert prove_alias(f"{ARN}:billing") == Proof(EntryPoint.DIRECT, "alias:billing")


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_an_alias_is_read_in_every_partition(partition: str) -> None:
    assert qualifier_of(f"{ARN.replace('aws', partition, 1)}:billing") == "billing"


@pytest.mark.parametrize(
    "arn",
    [
        ARN,
        f"{ARN}:live",
        f"{ARN}:7",
        f"{ARN}:$LATEST",
        f"{ARN}:Billing",
        f"{ARN}:billing:more",
        f"{ARN}:billing\n",
        f"x{ARN}:billing",
        f"{ARN}:",
        "billing",
        "",
    ],
)
def test_no_other_way_in_proves_a_caller(arn: str) -> None:
    with pytest.raises(InvalidClientError) as caught:
        caller_alias_of(arn)

    assert caught.value.rule == "entry.caller_alias"


@pytest.mark.parametrize("arn", [ARN, f"{ARN}:LIVE", f"{ARN}:7", f"{ARN}:live:live", "live", ""])
def test_an_http_function_answers_through_live_alone(arn: str) -> None:
    require_live(f"{ARN}:live")
    with pytest.raises(InvalidClientError) as caught:
        require_live(arn)

    assert caught.value.rule == "entry.live_alias"


def test_a_request_is_for_a_token_or_stands_in_a_frame_of_its_own() -> None:
    reported = {"credential": "jobs", "token": "a-token", "scope": "read"}
    inspected = {"action": "inspect", "credential": "hiring", "connection": "ada"}

    assert parse_direct_request({"credential": "jobs", "scope": "read"}) == VendRequest(
        "jobs", scopes=frozenset({"read"})
    )
    assert parse_direct_request({"reject": reported}) == RejectionReport(
        VendRequest("jobs", scopes=frozenset({"read"})), DIGEST
    )
    assert parse_direct_request({"connections": inspected}) == ConnectionRequest(
        action=Action.INSPECT, credential="hiring", connection="ada"
    )


@pytest.mark.parametrize(
    "event", [None, 7, "jobs", ["jobs"], {"reject": "a-token"}, {"connections": ["list"]}]
)
def test_a_request_is_an_object(event: object) -> None:
    assert refused(event) == ("request.shape", "A request is a JSON object.")


@pytest.mark.parametrize("frame", ["reject", "connections"])
def test_a_frame_has_nothing_beside_it(frame: str) -> None:
    rule, _ = refused({frame: {"credential": "jobs"}, "caller": "admin"})

    assert rule == "request.unknown_field"


@pytest.mark.parametrize(
    ("event", "known"),
    [
        ({"credential": "jobs", "caller": "admin", "identity": "x"}, "audience, connection, "),
        (
            {"reject": {"credential": "jobs", "token": "t", "caller": "admin", "x": 1}},
            "audience, connection, ",
        ),
        (
            {"connections": {"action": "inspect", "credential": "a", "scope": "b", "code": "c"}},
            "action, connection, credential.",
        ),
    ],
)
def test_a_field_that_no_request_has_is_refused_and_not_quoted(event: object, known: str) -> None:
    rule, words = refused(event)

    assert rule == "request.unknown_field"
    assert words.startswith(f"There are 2 fields that no request has; known are: {known}")
    assert "admin" not in words
    assert "caller" not in words


@pytest.mark.parametrize("action", sorted(Action))
def test_values_of_an_organisation_are_fields_of_start_alone(action: Action) -> None:
    fields = {"action": action.value, "credential": "hiring", "tenant.domain": "acme.example"}

    if action is Action.START:
        fields |= {"connection": "ada", "return_url": "https://shop.example/connected"}
        request = parse_direct_request({"connections": fields})
        assert isinstance(request, ConnectionRequest)
        assert request.tenant_values == {"domain": "acme.example"}
        fields |= {"caller": "admin"}

    rule, _ = refused({"connections": fields})
    assert rule == "request.unknown_field"


def test_an_action_that_is_none_is_told_before_its_fields() -> None:
    rule, _ = refused({"connections": {"action": "drop", "credential": "a", "code": "c"}})

    assert rule == "request.action"


@pytest.mark.parametrize("event", [None, "requests", ["requests"], {"credential": "jobs"}])
def test_anything_without_requests_is_no_batch(event: object) -> None:
    assert batch_of(event) is None


@pytest.mark.parametrize("size", [1, bounds.BATCH_REQUESTS])
def test_a_batch_has_requests_up_to_its_bound(size: int) -> None:
    requests = [{"credential": "jobs"}] * size

    assert batch_of({"requests": requests}) == requests


@pytest.mark.parametrize(
    "requests", [None, {}, "ab", [], [{"credential": "jobs"}] * (bounds.BATCH_REQUESTS + 1)]
)
def test_a_batch_of_another_size_is_refused(requests: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        batch_of({"requests": requests})

    assert caught.value.rule == "request.batch"
    assert caught.value.description == f"requests must be a list of 1 to {bounds.BATCH_REQUESTS}."


def test_a_batch_has_nothing_beside_its_requests() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        batch_of({"requests": [{"credential": "jobs"}], "caller": "admin"})

    assert caught.value.rule == "request.batch"
    assert caught.value.description == "A batch has only the field requests."


def test_a_refusal_says_whether_a_retry_may_cure_it() -> None:
    waits = TemporarilyUnavailableError("later", rule="x", retry_after_seconds=7)
    refusal = ProviderRefusedError("no", provider_error="invalid_client")

    assert direct_error(waits) == {
        "error": "temporarily_unavailable",
        "error_description": "later",
        "retryable": True,
        "retry_after_seconds": 7,
    }
    assert direct_error(refusal) == {
        "error": "provider_refused",
        "error_description": "no",
        "provider_error": "invalid_client",
        "retryable": False,
    }
