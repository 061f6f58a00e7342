"""A stored token is parsed part by part; what cannot be trusted is left out and counted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.adapters.ciphers import cipher_of
from tests.adapters.samples import FAILURE, KEY, SPEC, TOKEN, new_lease
from tests.adapters.stores import Untrusted
from tests.fakes.clock import START
from tests.fakes.kms import FakeKms, InMemoryDataKeys

from tokenvend.adapters.dynamodb.credential_items import failure_value
from tokenvend.adapters.dynamodb.token_items import (
    TokenItemParser,
    lease_values,
    seal_token,
    token_pk,
)
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken, SecretStage
from tokenvend.domain.token_presentation import Header, RequestParts, TokenType
from tokenvend.domain.untrusted import Distrust
from tokenvend.ports import TokenItem

PK = token_pk(KEY)
LEASE = new_lease()
_CIPHER = cipher_of(FakeKms(), InMemoryDataKeys())
_PAST = datetime.fromtimestamp(0, UTC)


def item_of(
    token: AccessToken = TOKEN, spec: TokenSpec = SPEC, **changes: dict[str, Any]
) -> dict[str, Any]:
    values = seal_token(_CIPHER, PK, token, spec, now=START)
    ttl = values[":token_ttl"]
    parts = {"token": values[":token"], "wrapped_key": values[":wrapped_key"]}
    return {"pk": {"S": PK}, **parts, "token_ttl": ttl, "ttl": ttl, **changes}


def leased(**changes: dict[str, Any]) -> dict[str, Any]:
    """The item of a lease alone."""
    values = lease_values(LEASE)
    names = {
        "lease_id": values[":lease_id"],
        "lease_done_at": values[":done"],
        "lease_deadline_at": values[":deadline"],
    }
    return {"pk": {"S": PK}, **names, **changes}


def parsed(item: dict[str, Any]) -> tuple[TokenItem, list[tuple[str, Distrust]]]:
    untrusted = Untrusted()
    return TokenItemParser(_CIPHER, untrusted).parse(item), untrusted.seen


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(TOKEN, id="plain"),
        pytest.param(replace(TOKEN, scopes=frozenset(), secret_generation=""), id="without scopes"),
        pytest.param(replace(TOKEN, secret_stage=SecretStage.PENDING), id="of the next secret"),
        pytest.param(replace(TOKEN, forced=True), id="forced"),
        pytest.param(replace(TOKEN, repeated=True), id="repeated"),
        pytest.param(
            replace(TOKEN, sent_as=Header("X-Auth", "", TokenType.NOT_BEARER)), id="own header"
        ),
        pytest.param(
            replace(
                TOKEN,
                sent_as=RequestParts({"X": Secret("a")}, {"q": Secret("b")}, TokenType.BEARER),
            ),
            id="parts",
        ),
    ],
)
def test_a_token_comes_back_as_it_was(token: AccessToken) -> None:
    assert parsed(item_of(token)) == (replace(parsed(item_of())[0], token=token), [])


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(SPEC, id="of a tenant"),
        pytest.param(replace(SPEC, resources=("https://a.example",)), id="one resource"),
        pytest.param(replace(SPEC, resources=("https://a.example", "https://b.example")), id="two"),
        pytest.param(replace(SPEC, audience="https://a.example", tenant=None), id="an audience"),
        pytest.param(replace(SPEC, connection="ada", connection_owner="shop"), id="a connection"),
        pytest.param(replace(SPEC, caller="billing"), id="a caller of its own"),
        pytest.param(replace(SPEC, user="a-user"), id="a user"),
    ],
)
def test_what_a_token_is_for_comes_back_as_it_was(spec: TokenSpec) -> None:
    found, seen = parsed(item_of(spec=spec))

    assert (found.spec, seen) == (spec, [])


def test_the_marks_of_a_token_in_use_and_refused_are_read() -> None:
    item = item_of(due={"S": "a-slot"})
    item["rejected"] = item["token_ttl"]
    former = item_of(rejected={"N": "1"})

    assert (parsed(item)[0].is_in_use, parsed(item)[0].is_rejected) == (True, True)
    assert (parsed(former)[0].is_in_use, parsed(former)[0].is_rejected) == (False, False)


def test_a_lease_and_a_failure_come_back_as_they_were() -> None:
    found, seen = parsed(leased(failure=failure_value(FAILURE)))

    assert (found.token, found.spec) == (None, None)
    assert (found.lease, found.failure, seen) == (LEASE, FAILURE, [])


def test_a_lease_whose_instants_no_calendar_reaches_is_past_and_counted() -> None:
    found, seen = parsed(leased(lease_deadline_at={"N": "1e20"}))

    assert found.lease == replace(LEASE, expected_done_at=_PAST, deadline_at=_PAST)
    assert seen == [(PK, Distrust.MALFORMED)]


@pytest.mark.parametrize("name", ["expected_done_at", "deadline_at"])
def test_a_lease_without_an_instant_has_one_in_the_past(name: str) -> None:
    item = leased()
    del item["lease_done_at" if name == "expected_done_at" else "lease_deadline_at"]

    past: dict[str, Any] = {name: _PAST}
    assert parsed(item)[0].lease == replace(LEASE, **past)


@pytest.mark.parametrize("lost", ["token", "wrapped_key"])
def test_a_token_without_its_ciphertext_or_key_is_absent(lost: str) -> None:
    item = item_of()
    del item[lost]

    found, seen = parsed(item)
    assert (found.token, found.spec, seen) == (None, None, [])


@pytest.mark.parametrize("plaintext", [b"{}", b"[]", b"{"])
def test_an_authentic_token_in_another_form_is_absent_and_counted(plaintext: bytes) -> None:
    sealed = _CIPHER.seal(PK, plaintext, now=START)
    blobs = {"token": {"B": sealed.ciphertext}, "wrapped_key": {"B": sealed.wrapped_key}}

    found, seen = parsed(item_of() | blobs)
    assert (found.token, seen) == (None, [(PK, Distrust.MALFORMED)])


def test_only_a_lease_or_a_failure_lets_an_item_outlive_its_token() -> None:
    later = {"N": str(int((START + timedelta(days=2)).timestamp()))}
    lease, failure = {"S": "0" * 32}, failure_value(FAILURE)

    assert parsed(item_of(ttl=later))[1] == [(PK, Distrust.REPLAYED)]
    assert parsed(item_of(ttl=later, lease_id=lease))[0].token == TOKEN
    assert parsed(item_of(ttl=later, failure=failure))[0].token == TOKEN
    assert parsed(item_of(token_ttl=later, lease_id=lease))[1] == [(PK, Distrust.REPLAYED)]
