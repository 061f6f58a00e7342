"""A stored connection is parsed part by part; what cannot be trusted is left out and counted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.adapters.ciphers import cipher_of
from tests.adapters.connection_samples import CONNECTION, LATER, active, journal_entry, pending
from tests.adapters.stores import Untrusted
from tests.fakes.clock import START
from tests.fakes.kms import FakeKms, InMemoryDataKeys

from tokenvend.adapters.dynamodb.connection_items import (
    ConnectionItemParser,
    connection_pk,
    key_of,
    redemption_values,
    seal_consent,
    seal_pending,
)
from tokenvend.domain.connection import Connection, JournalEntry
from tokenvend.domain.untrusted import Distrust

PK = connection_pk(CONNECTION)
IN_USE = replace(active(), number=3)
WAITING = pending()
ENTRY = replace(journal_entry(IN_USE), is_retry=True)
#: Each part of the item, by the value that the functions here build for it.
_PARTS = {
    "consent": ":consent",
    "consent_key": ":consent_key",
    "consent_id": ":consent_id",
    "token_number": ":number",
    "pending_consent": ":pending",
    "pending_key": ":pending_key",
    "pending_id": ":pending_id",
    "holder_id": ":holder_id",
    "deadline_at": ":deadline_at",
    "is_retry": ":is_retry",
}
_KMS = FakeKms()
_CIPHERS = (
    cipher_of(_KMS, InMemoryDataKeys(), logical_table="connections"),
    cipher_of(_KMS, InMemoryDataKeys(), logical_table="pending"),
)


def item_of(*, pk: str = PK, entry: JournalEntry | None = None, **changes: Any) -> dict[str, Any]:
    """The item of a connection in use, with a consent that waits beside it."""
    assert IN_USE.consent is not None
    cipher, waiting = _CIPHERS
    values = seal_consent(cipher, PK, IN_USE.consent, IN_USE.number, now=START)
    values |= seal_pending(waiting, PK, WAITING, now=START)
    values |= redemption_values(entry) if entry else {}
    item = {name: values[value] for name, value in _PARTS.items() if value in values}
    return {"pk": {"S": pk}, **item, **changes}


def parsed(item: dict[str, Any]) -> tuple[Connection | None, list[tuple[str, Distrust]]]:
    untrusted = Untrusted()
    return ConnectionItemParser(*_CIPHERS, untrusted).parse(item), untrusted.seen


def test_a_connection_comes_back_with_all_its_parts() -> None:
    item = item_of(entry=ENTRY, retry_at={"N": str(LATER.timestamp())})

    entry = replace(ENTRY, retry_at=LATER)
    assert parsed(item) == (replace(IN_USE, journal_entry=entry, pending=WAITING), [])


def test_an_entry_without_a_later_instant_has_none() -> None:
    assert parsed(item_of(entry=ENTRY))[0] == replace(IN_USE, journal_entry=ENTRY, pending=WAITING)


@pytest.mark.parametrize("is_retry", [True, False])
def test_an_entry_says_whether_it_is_a_retry(*, is_retry: bool) -> None:
    found, _ = parsed(item_of(entry=replace(ENTRY, is_retry=is_retry)))

    assert found is not None
    assert found.journal_entry is not None
    assert found.journal_entry.is_retry is is_retry


def test_a_mark_says_that_the_consent_is_lost() -> None:
    assert parsed(item_of(lost_by={"S": "a-mark"}))[0] == replace(
        IN_USE, is_lost=True, pending=WAITING
    )


def without(*names: str) -> Callable[[dict[str, Any]], None]:
    def remove(item: dict[str, Any]) -> None:
        for name in names:
            del item[name]

    return remove


def with_(**changes: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    return lambda item: item.update(changes)


ONLY_WAITING = Connection(key=CONNECTION, pending=WAITING)
ONLY_IN_USE = IN_USE


@pytest.mark.parametrize(
    ("spoil", "found", "reason"),
    [
        (without("consent"), ONLY_WAITING, None),
        (without("consent_key"), ONLY_WAITING, None),
        (without("pending_consent"), ONLY_IN_USE, None),
        (without("pending_key"), ONLY_IN_USE, None),
        (without("consent", "pending_consent"), None, None),
        (with_(consent={"B": b"\x01"}), ONLY_WAITING, Distrust.NOT_AUTHENTIC),
        (with_(consent={"B": b"\x02" + b"0" * 40}), ONLY_WAITING, Distrust.UNKNOWN_SCHEMA),
        (with_(pending_consent={"B": b"\x01"}), ONLY_IN_USE, Distrust.NOT_AUTHENTIC),
        (with_(consent_id={"S": "another"}), ONLY_WAITING, Distrust.REPLAYED),
        (without("consent_id"), ONLY_WAITING, Distrust.REPLAYED),
        (with_(token_number={"N": "4"}), ONLY_WAITING, Distrust.REPLAYED),
        (without("token_number"), ONLY_WAITING, Distrust.REPLAYED),
        (with_(pending_id={"S": "another"}), ONLY_IN_USE, Distrust.REPLAYED),
        (without("pending_id"), ONLY_IN_USE, Distrust.REPLAYED),
    ],
)
def test_a_part_that_is_missing_or_contradicts_is_left_out(
    spoil: Callable[[dict[str, Any]], None], found: Connection | None, reason: Distrust | None
) -> None:
    item = item_of()
    spoil(item)

    assert parsed(item) == (found, [] if reason is None else [(PK, reason)])


def resealed(role: int, name: str, plaintext: bytes) -> dict[str, Any]:
    """The item whose sealed part *name* holds *plaintext*."""
    key = "consent_key" if name == "consent" else "pending_key"
    bound = "consent" if name == "consent" else "pending"
    sealed = _CIPHERS[role].seal(f"{PK}#{bound}", plaintext, now=START)
    return item_of() | {name: {"B": sealed.ciphertext}, key: {"B": sealed.wrapped_key}}


@pytest.mark.parametrize("plaintext", [b"{}", b"[]", b"{"])
def test_an_authentic_part_in_another_form_is_left_out_and_counted(plaintext: bytes) -> None:
    malformed = [(PK, Distrust.MALFORMED)]

    assert parsed(resealed(0, "consent", plaintext)) == (ONLY_WAITING, malformed)
    assert parsed(resealed(1, "pending_consent", plaintext)) == (ONLY_IN_USE, malformed)


def test_one_part_cannot_stand_for_the_other() -> None:
    item = item_of()
    item["consent"], item["pending_consent"] = item["pending_consent"], item["consent"]
    item["consent_key"], item["pending_key"] = item["pending_key"], item["consent_key"]

    assert parsed(item) == (None, [(PK, Distrust.NOT_AUTHENTIC)] * 2)


def test_a_deadline_that_no_calendar_reaches_is_past_and_counted() -> None:
    found, seen = parsed(item_of(entry=ENTRY, deadline_at={"N": "1e20"}))

    past = replace(ENTRY, deadline_at=START.fromtimestamp(0, START.tzinfo))
    assert found == replace(IN_USE, journal_entry=past, pending=WAITING)
    assert seen == [(PK, Distrust.MALFORMED)]


def test_an_entry_without_a_deadline_is_past() -> None:
    item = item_of(entry=ENTRY)
    del item["deadline_at"]

    past = replace(ENTRY, deadline_at=START.fromtimestamp(0, START.tzinfo))
    assert parsed(item) == (replace(IN_USE, journal_entry=past, pending=WAITING), [])


@pytest.mark.parametrize("pk", ["connection#a#b", "connection#a#b#c#d", "token#a#b#c"])
def test_an_item_that_is_no_connection_is_counted(pk: str) -> None:
    assert key_of(pk) is None
    assert parsed(item_of(pk=pk)) == (None, [(pk, Distrust.MALFORMED)])


def test_a_pending_consent_keeps_its_code_and_its_end() -> None:
    later = replace(WAITING, code_sha256="0" * 64, expires_at=START + timedelta(minutes=3))
    values = seal_pending(_CIPHERS[1], PK, later, now=START)
    changes = {name: values[value] for name, value in _PARTS.items() if value in values}

    assert parsed(item_of() | changes) == (replace(IN_USE, pending=later), [])
