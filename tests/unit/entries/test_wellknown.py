"""The well-known documents: what an authorization server offers, and the keys that sign for us."""

import json
from typing import Any

import pytest

from tokenvend.domain.errors import InvalidClientError
from tokenvend.entries.jwks import jwks_answer, jwks_away, jwks_refused
from tokenvend.entries.metadata import answer_metadata

ARN = "arn:aws:lambda:eu-central-1:111122223333:function:tokenvend-Metadata"
PUBLIC = "public, max-age=3600"


def metadata(*, alias: str = "live", **changed: Any) -> dict[str, Any]:
    one = {
        "pathParameters": {"credential": "jobs"},
        "stageVariables": {"issuer_base": "https://vend.example/v1/"},
        **changed,
    }
    return answer_metadata(one, invoked_function_arn=f"{ARN}:{alias}")


def test_metadata_is_of_any_credential_and_says_what_is_offered() -> None:
    answer = metadata()

    assert answer["statusCode"] == 200
    assert answer["headers"] == {"Content-Type": "application/json", "Cache-Control": PUBLIC}
    assert json.loads(answer["body"]) == {
        "issuer": "https://vend.example/v1/oauth2/jobs",
        "token_endpoint": "https://vend.example/v1/oauth2/jobs/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "none",
        ],
        "grant_types_supported": [
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        "response_types_supported": [],
        "subject_token_types_supported": [
            "urn:ietf:params:oauth:token-type:id_token",
            "urn:ietf:params:oauth:token-type:jwt",
        ],
        "token_rejection_endpoint": "https://vend.example/v1/oauth2/jobs/token/reject",
        "connections_endpoint": "https://vend.example/v1/oauth2/jobs/connections",
    }


@pytest.mark.parametrize(
    ("base", "issuer"),
    [
        ("https://vend.example", "https://vend.example/oauth2/jobs"),
        ("https://vend.example//", "https://vend.example/oauth2/jobs"),
        ("https://vend.example/X/", "https://vend.example/X/oauth2/jobs"),
    ],
)
def test_an_issuer_is_below_its_base_whether_or_not_that_ends_in_a_slash(
    base: str, issuer: str
) -> None:
    answer = metadata(stageVariables={"issuer_base": base})

    assert json.loads(answer["body"])["issuer"] == issuer


@pytest.mark.parametrize(
    "changed",
    [
        {"pathParameters": None},
        {"pathParameters": {"credential": None}},
        {"pathParameters": {"credential": "Jobs"}},
        {"stageVariables": None},
        {"stageVariables": {"issuer_base": ""}},
    ],
)
def test_there_is_no_metadata_of_anything_else(changed: dict[str, Any]) -> None:
    answer = metadata(**changed)

    assert (answer["statusCode"], answer["headers"]["Cache-Control"]) == (404, "no-store")
    assert json.loads(answer["body"]) == {
        "error": "not_found",
        "error_description": "There is nothing here.",
    }


def test_metadata_is_answered_through_live_alone() -> None:
    answer = metadata(alias="7")

    assert answer["statusCode"] == 401
    assert json.loads(answer["body"]) == {
        "error": "invalid_client",
        "error_description": InvalidClientError(rule="x").description,
    }


def test_keys_are_published_for_five_minutes_and_refusals_for_none() -> None:
    found, refused, away = (
        jwks_answer({"keys": []}),
        jwks_refused(InvalidClientError(rule="x")),
        jwks_away(),
    )

    assert found == {
        "statusCode": 200,
        "headers": {
            "Content-Type": "application/jwk-set+json",
            "Cache-Control": "public, max-age=300",
        },
        "body": '{"keys": []}',
    }
    assert refused["statusCode"] == 401
    assert json.loads(refused["body"]) == {
        "error": "invalid_client",
        "error_description": InvalidClientError(rule="x").description,
    }
    assert (away["statusCode"], away["headers"]["Retry-After"]) == (503, "5")
    assert json.loads(away["body"]) == {
        "error": "temporarily_unavailable",
        "error_description": "The keys cannot be read just now; ask again.",
    }
    assert {each["headers"]["Cache-Control"] for each in (refused, away)} == {"no-store"}
    assert {each["headers"]["Content-Type"] for each in (refused, away)} == {"application/json"}
