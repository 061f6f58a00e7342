"""What the audit lines count."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.harness import BILLING, REQUEST, Harness

from tokenvend.adapters.aws_errors import AwsFailure
from tokenvend.domain.errors import (
    ProviderRefusedError,
    TokenVendError,
    TooManyRequestsError,
    UnauthorizedClientError,
)
from tokenvend.observability.incidents import count_aws_failure
from tokenvend.observability.log import logger
from tokenvend.observability.schedules import audit_renewed
from tokenvend.observability.vends import audit_refused, audit_vended
from tokenvend.schedules.renewal import RenewalOutcome


@pytest.fixture
def lines() -> Iterator[StringIO]:
    handler: Any = logger().registered_handler
    former, handler.stream = handler.stream, StringIO()
    yield handler.stream
    handler.stream = former


def metrics(lines: StringIO) -> dict[str, list[list[str]]]:
    """The newest line's metrics with their dimensions."""
    line = json.loads(lines.getvalue().splitlines()[-1])
    directives = line["_aws"]["CloudWatchMetrics"]
    assert all(line[each["Metrics"][0]["Name"]] == [1.0] for each in directives)
    return {each["Metrics"][0]["Name"]: sorted(each["Dimensions"]) for each in directives}


def refuse(error: TokenVendError) -> None:
    now = Harness().clock.now()
    audit_refused(BILLING.entry, BILLING, REQUEST, error, now=now, request_id="r")


def test_trouble_at_a_provider_is_counted_by_credential_and_in_all(lines: StringIO) -> None:
    refuse(ProviderRefusedError("refused", provider_error="invalid_client"))

    assert metrics(lines) == {
        "Failures": [["credential", "service"], ["service"]],
        "Vends": [["entry", "source", "outcome", "service"]],
    }
    assert json.loads(lines.getvalue())["credential"] == "jobs"


def test_what_a_caller_may_not_have_is_no_failure(lines: StringIO) -> None:
    refuse(UnauthorizedClientError(rule="grant.exists"))

    assert metrics(lines).keys() == {"Vends"}


def test_refusal_over_a_limit_is_counted_by_caller_and_is_no_failure(lines: StringIO) -> None:
    refuse(TooManyRequestsError("limit", rule="caller.requests_per_minute", caller="billing"))

    assert metrics(lines) == {
        "OverLimit": [["caller", "service"]],
        "Vends": [["entry", "source", "outcome", "service"]],
    }
    line = json.loads(lines.getvalue())
    assert (line["caller"], line["outcome"]) == ("billing", "too_many_requests")


def test_no_other_refusal_is_counted_by_caller(lines: StringIO) -> None:
    error = UnauthorizedClientError(rule="grant.exists", caller="billing")
    refuse(error)

    assert json.loads(lines.getvalue())["caller"] == "billing"
    assert metrics(lines).keys() == {"Vends"}


def test_valid_token_whose_replacement_failed_is_vended_and_counted_as_trouble(
    lines: StringIO,
) -> None:
    harness = Harness()
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=1800 * 0.92))
    harness.provider.script(json_response({}, status=500))
    vended = harness.vend(harness.environment())

    audit_vended(BILLING, REQUEST, vended, now=harness.clock.now(), request_id="r")

    assert metrics(lines).keys() == {"Vends", "Failures"}


def test_renewal_that_failed_is_trouble(lines: StringIO) -> None:
    harness = Harness()
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=1800 * 0.4))
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=1800 * 0.4))
    harness.provider.script(json_response({}, status=500))

    (renewal,) = harness.parts().renew_all()
    audit_renewed(renewal)

    assert renewal.outcome is RenewalOutcome.FAILED
    assert metrics(lines).keys() == {"Renewals", "Failures"}
    assert "provider-token" not in lines.getvalue()


def test_a_call_that_aws_refuses_is_counted_by_service_and_kind(lines: StringIO) -> None:
    count_aws_failure("kms", "Decrypt", AwsFailure.REFUSED, "DisabledException")

    assert metrics(lines) == {"AwsFailures": [["source", "outcome", "service"]]}
    line = json.loads(lines.getvalue())
    assert (line["source"], line["outcome"]) == ("kms", "refused")
    assert (line["operation"], line["code"]) == ("Decrypt", "DisabledException")
