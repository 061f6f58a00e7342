"""What somebody with some power over the account tries, and what it gets them."""

import json
from io import StringIO
from typing import Any

import pytest
from tests.fakes.provider import json_response
from tests.functions.conftest import ROOT, load_handler, through
from tests.unit.vending.harness import Harness

from tokenvend.domain import bounds
from tokenvend.domain.secret import Secret
from tokenvend.entries.direct import RetryableError


def _event(function: str, case: str) -> Any:
    path = ROOT / "events" / function / f"{case}.json"
    return json.loads(path.read_text(encoding="utf-8"))["event"]


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("alias", [None, "$LATEST", "7", "live", "payroll", "Billing", "a" * 64])
def test_direct_function_answers_only_through_a_callers_own_alias(alias: str | None) -> None:
    answer = load_handler("vend_direct")(_event("vend_direct", "single"), through(alias))

    assert answer["error"] == "invalid_client"
    assert "access_token" not in answer


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("function", ["vend_iam", "vend_oauth2", "metadata", "jwks"])
@pytest.mark.parametrize("alias", [None, "$LATEST", "7", "billing", "LIVE", "live2"])
def test_http_function_answers_only_through_live(function: str, alias: str | None) -> None:
    case = {
        "vend_iam": "granted",
        "vend_oauth2": "basic",
        "metadata": "openid-configuration",
        "jwks": "keys",
    }

    answer = load_handler(function)(_event(function, case[function]), through(alias))

    assert answer["statusCode"] == 401
    assert "access_token" not in answer["body"]


@pytest.mark.usefixtures("harness")
def test_unknown_and_ungranted_credentials_cannot_be_told_apart() -> None:
    handler = load_handler("vend_iam")

    unknown = handler(_event("vend_iam", "credential-unknown"), through("live"))
    ungranted = handler(_event("vend_iam", "credential-not-granted"), through("live"))

    assert unknown == ungranted


@pytest.mark.usefixtures("harness")
def test_api_key_looks_to_an_oauth_client_as_if_there_were_none() -> None:
    handler = load_handler("vend_oauth2")

    granted = handler(_event("vend_oauth2", "api-key"), through("live"))
    unknown = handler(_event("vend_oauth2", "credential-unknown"), through("live"))

    assert granted == unknown


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(("function", "alias"), [("vend_iam", "live"), ("vend_direct", "billing")])
def test_api_key_is_never_called_a_bearer_token(function: str, alias: str) -> None:
    answer = load_handler(function)(_event(function, "api-key"), through(alias))

    fields = json.loads(answer["body"]) if "body" in answer else answer
    assert (fields["token_type"], fields["header_name"]) == ("N_A", "X-SmartToken")
    assert fields["access_token"] == "our-api-key"


@pytest.mark.usefixtures("harness")
def test_wrong_secret_and_unknown_client_cannot_be_told_apart() -> None:
    handler = load_handler("vend_oauth2")

    wrong = handler(_event("vend_oauth2", "wrong-secret"), through("live"))
    unknown = handler(_event("vend_oauth2", "unknown-client"), through("live"))

    assert wrong == unknown
    assert "WWW-Authenticate" in wrong["headers"]


@pytest.mark.usefixtures("harness")
def test_metadata_tells_nothing_of_what_exists_and_believes_no_host_header() -> None:
    handler = load_handler("metadata")

    known = handler(_event("metadata", "openid-configuration"), through("live"))
    unknown = handler(_event("metadata", "unknown-credential"), through("live"))

    assert known["body"].replace("/jobs", "/nothing") == unknown["body"]
    assert "evil.example" not in known["body"]


def test_log_of_a_whole_run_names_tokens_only_by_their_hash(
    harness: Harness, log: StringIO
) -> None:
    secrets = ["provider-token-", "our-secret", "our-api-key", "tv_example", "tv_wrong"]
    for function, case, alias in [
        ("vend_iam", "granted", "live"),
        ("vend_iam", "scope-beyond-grant", "live"),
        ("vend_oauth2", "basic", "live"),
        ("vend_oauth2", "wrong-secret", "live"),
        ("vend_direct", "batch", "billing"),
        ("vend_direct", "api-key", "billing"),
    ]:
        load_handler(function)(_event(function, case), through(alias))

    lines = [json.loads(line) for line in log.getvalue().splitlines()]

    assert len(lines) == 7
    assert not [line for line in lines for secret in secrets if secret in json.dumps(line)]
    assert all("_aws" in line and line["request_id"] for line in lines)
    assert lines[0]["caller"] == "billing"
    assert lines[0]["token_sha256"] == lines[2]["token_sha256"]
    assert lines[-1]["token_sha256"] == Secret("our-api-key").sha256
    assert harness.provider.exchanges == 1


def test_retryable_failure_of_a_single_direct_request_raises_and_of_a_batch_does_not(
    harness: Harness,
) -> None:
    harness.provider.is_away = True
    handler = load_handler("vend_direct")

    with pytest.raises(RetryableError) as caught:
        handler({"credential": "jobs"}, through("billing"))
    batch = handler({"requests": [{"credential": "jobs"}]}, through("billing"))

    assert json.loads(str(caught.value))["error"] == "temporarily_unavailable"
    assert batch["answers"][0]["retryable"] is True
    assert batch["answers"][0]["retry_after_seconds"] >= 1


@pytest.mark.parametrize(
    ("arrange", "status", "code"),
    [
        pytest.param("refused", 502, "provider_refused", id="provider refuses the credential"),
        pytest.param("no secret", 502, "credential_not_ready", id="secret was never put"),
        pytest.param("away", 503, "temporarily_unavailable", id="provider away, no token left"),
        pytest.param("blocked", 401, "invalid_client", id="caller blocked"),
    ],
)
def test_row_of_the_error_table_is_answered(
    harness: Harness, arrange: str, status: int, code: str
) -> None:
    match arrange:
        case "refused":
            harness.provider.script(json_response({"error": "invalid_client"}, status=401))
        case "no secret":
            harness.secrets.secrets.clear()
        case "away":
            harness.provider.is_away = True
        case "blocked":
            harness.reader.blocked.add("client:shop")

    answer = load_handler("vend_oauth2")(_event("vend_oauth2", "basic"), through("live"))

    assert (answer["statusCode"], json.loads(answer["body"])["error"]) == (status, code)
    assert ("Retry-After" in answer["headers"]) == (status == 503)
    assert answer["headers"]["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(
    "event",
    [
        pytest.param(None, id="null"),
        pytest.param(7, id="number"),
        pytest.param("requests", id="text that names a batch"),
        pytest.param(["requests"], id="list that names a batch"),
        pytest.param({"reject": {"credential": "jobs", "token": "\ud800"}}, id="half a character"),
    ],
)
def test_direct_event_of_any_json_is_answered(event: Any) -> None:
    answer = load_handler("vend_direct")(event, through("billing"))

    assert (answer["error"], answer["retryable"]) == ("invalid_request", False)


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize("body", ["é", "abc", "/w=="], ids=["not ASCII", "cut off", "not UTF-8"])
def test_body_that_is_not_the_base64_it_claims_to_be_is_malformed(body: str) -> None:
    event = _event("vend_iam", "granted") | {"body": body, "isBase64Encoded": True}

    answer = load_handler("vend_iam")(event, through("live"))

    assert (answer["statusCode"], json.loads(answer["body"])["error"]) == (400, "invalid_request")


@pytest.mark.usefixtures("harness")
def test_client_in_a_header_that_is_not_ascii_is_not_proven() -> None:
    event = _event("vend_oauth2", "basic")
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic é"}

    answer = load_handler("vend_oauth2")(
        event | {"headers": headers, "multiValueHeaders": None}, through("live")
    )

    assert answer["statusCode"] == 401


def test_provider_that_echoes_the_secret_as_its_error_code_is_not_quoted(
    harness: Harness, log: StringIO
) -> None:
    secret = harness.secrets.secrets["jobs", None].client_secret.reveal()
    for quoted in (secret, secret[:6], secret.upper()):
        harness.provider.script(json_response({"error": f"bad_{quoted}"}, status=400))

        answer = load_handler("vend_direct")({"credential": "jobs"}, through("billing"))

        assert answer["provider_error"] == "http_400"
        assert quoted not in json.dumps(answer) + log.getvalue()
        harness.clock.advance(bounds.BACKOFF_MAXIMUM)
