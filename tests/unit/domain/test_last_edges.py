"""Edges of single values: a key, a code, an index, a text, and who says no."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.clock import START
from tests.fakes.provider import json_response
from tests.unit.consent.refreshing import CONSENT, DEFINITION, GRANT

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.decision import decide
from tokenvend.domain.errors import (
    InvalidRequestError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    UnauthorizedClientError,
)
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.journal import Successor, renewed
from tokenvend.domain.lease import new_lease
from tokenvend.domain.oauth.error_code import error_code
from tokenvend.domain.oauth.response_description import value_at
from tokenvend.domain.oauth.token_response import ProviderResponse, parse_token_response
from tokenvend.domain.registry import Caller, RegistryView
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret

SPEC = TokenSpec(credential="jobs", definition="d", scopes=frozenset({"b", "a"}), tenant="acme")


def test_a_key_is_the_sha_256_of_every_field_and_of_the_consent_where_there_is_one() -> None:
    """It stands in tables: another reading of the same fields would lose every token."""
    fields = ["jobs", "d", ["a", "b"], "acme", None, None, None, None, None]

    def digest(parts: list[object]) -> str:
        return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()

    assert SPEC.key() == digest([*fields])
    assert replace(SPEC, consent="c-1").key() == digest([*fields, "c-1"])
    assert replace(SPEC, consent="c-1").key() != replace(SPEC, consent="c-2").key()


def test_a_lease_is_of_its_holder_and_says_its_times() -> None:
    lease = new_lease(
        now=START, deadline_at=START + timedelta(7), expected_duration=timedelta(seconds=2)
    )

    assert (lease.expected_done_at, lease.deadline_at) == (
        START + timedelta(seconds=2),
        START + timedelta(7),
    )


def test_a_block_on_the_owners_connection_decides_before_any_token() -> None:
    view = RegistryView(
        caller=Caller(name="billing"),
        grant=GRANT,
        definition=DEFINITION,
        blocked_owners=frozenset({"billing"}),
    )
    request = VendRequest("jobs", connection="acme")
    proof = Proof(EntryPoint.IAM, "iam:x")

    with pytest.raises(UnauthorizedClientError) as caught:
        decide(proof, request, view, now=START)

    assert caught.value.rule == Rule.CONNECTION_BLOCKED
    another = replace(view, blocked_owners=frozenset({"shop"}))
    assert decide(proof, request, another, now=START).connection is not None


def test_an_error_reads_as_its_description() -> None:
    assert str(InvalidRequestError("scope is empty.", rule="request.scope")) == "scope is empty."


def test_a_renewed_consent_has_the_instants_of_its_successor() -> None:
    later = START + timedelta(days=3)
    successor = Successor(
        refresh_token=Secret("r-2"),
        scopes=None,
        refreshed_at=later,
        refresh_expires_at=later + timedelta(days=28),
    )

    kept = renewed(CONSENT, successor)

    assert (kept.refreshed_at, kept.refresh_expires_at) == (later, later + timedelta(days=28))


@pytest.mark.parametrize(
    ("code", "passes"),
    [
        (40013, "40013"),
        (0, "0"),
        ("a" * 32 + "_" + "b" * 31, "a" * 32 + "_" + "b" * 31),
        ("a" * 32 + "_" + "b" * 32, None),
    ],
)
def test_a_code_is_a_short_number_or_words_of_64_characters(
    code: object, passes: str | None
) -> None:
    assert error_code(code) == passes


@pytest.mark.parametrize(("index", "found"), [("0", "a"), ("1", "b"), ("2", None), ("9999", None)])
def test_an_index_beyond_the_list_leads_to_nothing(index: str, found: str | None) -> None:
    assert value_at({"items": ["a", "b"]}, ("items", index)) == found


def test_a_token_is_of_no_state_where_none_is_said() -> None:
    answer = json_response({"access_token": "a", "expires_in": 60})

    token = parse_token_response(
        answer, DEFINITION, requested_scopes=frozenset(), requested_at=START
    )

    assert token.secret_generation == ""


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (503, {}, "The provider answered 503."),
        (429, {}, "The provider answered 429."),
        (401, {"error": "invalid_client"}, "The provider refused this credential: invalid_client."),
        (404, {}, "The provider refused this credential: http_404."),
    ],
)
def test_a_provider_that_gives_no_token_is_said_in_words(
    status: int, answer: object, words: str
) -> None:
    response = json_response(answer, status=status)

    with pytest.raises((ProviderRefusedError, TemporarilyUnavailableError)) as caught:
        parse_token_response(response, DEFINITION, requested_scopes=frozenset(), requested_at=START)

    assert caught.value.description == words


def test_a_code_that_quotes_what_was_sent_goes_no_further() -> None:
    quoted = json_response({"error": "hunter_secret"}, status=400)
    response = ProviderResponse(400, body=quoted.body, sent=(Secret("my-hunter-key"),))

    with pytest.raises(ProviderRefusedError) as caught:
        parse_token_response(response, DEFINITION, requested_scopes=frozenset(), requested_at=START)

    assert caught.value.provider_error == "http_400"
