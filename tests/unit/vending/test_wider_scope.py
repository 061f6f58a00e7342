"""A token that is wider than its key says never reaches a caller with a narrower grant."""

from dataclasses import replace

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.harness import DEFINITION, GRANT, READ, Harness

from tokenvend.domain.errors import ProviderRefusedError
from tokenvend.domain.request import VendRequest

UNDECLARED = replace(DEFINITION, scopes=frozenset())
WIDE = json_response(
    {"access_token": "wide", "token_type": "Bearer", "scope": "jobs_read jobs_manage"}
)


def test_full_access_does_not_keep_a_wider_token_under_the_scopes_it_asked_for() -> None:
    harness = Harness(grant=replace(GRANT, full_access=True), definition=UNDECLARED)
    harness.provider.script(WIDE)

    with pytest.raises(ProviderRefusedError) as caught:
        harness.vend(harness.environment(), VendRequest("jobs", scopes=READ))

    assert caught.value.provider_error == "scope_widened"


def test_full_access_that_names_no_scope_gets_whatever_there_is() -> None:
    grant = replace(GRANT, scopes=frozenset(), full_access=True)
    harness = Harness(grant=grant, definition=UNDECLARED)
    harness.provider.script(WIDE)

    vended = harness.vend(harness.environment())

    assert vended.answer.token.scopes == {"jobs_read", "jobs_manage"}
