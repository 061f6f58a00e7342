"""The models speak of the code as it is: its states, its steps and its bounds by their names."""

import re
from enum import Enum

import pytest

from models.catalogue import HERE, ticks_of_the_lease, variants_of
from models.spin import Found, SpinError, parse
from tokenvend.adapters.dynamodb.connection_store import DynamoDbConnectionStore
from tokenvend.adapters.dynamodb.token_store import DynamoDbTokenStore
from tokenvend.domain import bounds, journal, lease
from tokenvend.domain.connection import ConnectionStatus
from tokenvend.domain.freshness import Usability
from tokenvend.domain.journal import JournalState
from tokenvend.vending.lease_wait import LeaseWatch


def _text(model: str) -> str:
    return (HERE / f"{model}.pml").read_text(encoding="utf-8")


def _states(model: str, kind: str) -> set[str]:
    found = re.search(rf"mtype:{kind} = {{ (.*) }};", _text(model))
    assert found is not None
    return set(found[1].split(", "))


def _names(states: type[Enum]) -> set[str]:
    return {state.name for state in states}


def _drawn(docstring: str | None) -> set[str]:
    """The states in a module's drawing: words in capitals at either end of an arrow."""
    drawing = (docstring or "").partition("\n\n    ")[2]
    return set(re.findall(r"(?<![.\w])[A-Z]{4,}\b", drawing))


def test_leases_states_are_those_that_the_code_draws() -> None:
    assert _states("lease", "lease") == _drawn(lease.__doc__)


def test_a_tokens_standing_has_the_codes_states() -> None:
    assert _states("lease", "usability") == _names(Usability)


def test_journals_states_are_the_codes() -> None:
    lost = {ConnectionStatus.CONSENT_LOST.name}

    assert _states("journal", "journal") == _names(JournalState) | lost


@pytest.mark.parametrize(
    ("model", "step", "owner"),
    [
        ("lease", "read", DynamoDbTokenStore),
        ("lease", "acquire_lease", DynamoDbTokenStore),
        ("lease", "put_token", DynamoDbTokenStore),
        ("lease", "release_lease", DynamoDbTokenStore),
        ("lease", "is_free", LeaseWatch),
        ("lease", "new_lease", lease),
        ("journal", "read", DynamoDbConnectionStore),
        ("journal", "mark_lost", DynamoDbConnectionStore),
        ("journal", "release_redemption", DynamoDbConnectionStore),
        ("journal", "begin", journal),
        ("journal", "finish", journal),
    ],
)
def test_a_step_of_the_model_is_a_step_of_the_code(model: str, step: str, owner: object) -> None:
    assert f"inline {step}(" in _text(model)
    assert callable(getattr(owner, step))


def test_who_waited_for_a_dead_holder_has_time_to_exchange() -> None:
    # The model found this: with less, no watch over a lease ever came to its end.
    assert bounds.FUNCTION_TIMEOUT > bounds.LEASE + bounds.EXCHANGE_NEEDS

    ticks = ticks_of_the_lease()
    assert ticks["FUNCTION_TIMEOUT"] >= ticks["LEASE"] + ticks["EXCHANGE_NEEDS"]


def test_each_model_has_variants_that_break_it() -> None:
    assert "BROKEN_NO_REREAD" in variants_of("lease")
    assert "BROKEN_KEYED_BY_SCOPE" in variants_of("journal")


def test_a_report_is_read() -> None:
    found = parse(
        "pan:1: assertion violated (a<=1) (at depth 150)\n"
        "State-vector 112 byte, depth reached 197, errors: 1\n"
        "    12345 states, stored\n"
    )

    assert found == Found(states=12345, errors=1, violation="assertion violated (a<=1)")


@pytest.mark.parametrize(
    "report",
    [
        pytest.param("pan: out of memory", id="no report"),
        pytest.param(
            "error: max search depth too small\nerrors: 0\n 7 states, stored", id="cut short"
        ),
    ],
)
def test_a_search_that_was_not_exhaustive_is_no_result(report: str) -> None:
    with pytest.raises(SpinError):
        parse(report)
