"""A secret that was changed elsewhere is found, and its tokens are replaced one by one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.harness import DEFINITION, Harness

from tokenvend.domain.answer import Source
from tokenvend.domain.errors import ProviderRefusedError
from tokenvend.domain.secret_reference import SecretReference
from tokenvend.ports import SecretVersion, StoreAwayError


def sweep(harness: Harness, secret_id: str | None = None) -> list[tuple[str, str | None]]:
    """The credentials, with their tenants, whose secrets a run finds changed."""
    swept = harness.parts().sweep.run(secret_id)
    return [(each.credential, each.tenant) for each in swept if each.is_changed]


def test_changed_secret_is_found_and_its_token_replaced_once() -> None:
    harness = Harness()
    harness.catalog.found = [SecretVersion("jobs", None, "v1")]
    sweep(harness)
    harness.vend(harness.environment())
    harness.catalog.found = [SecretVersion("jobs", None, "v2")]

    found = sweep(harness)
    answers = [harness.vend(harness.environment()).answer for _ in range(3)]

    assert found == [("jobs", None)]
    assert [each.source for each in answers] == [Source.PROVIDER, Source.STORE, Source.STORE]
    assert harness.provider.exchanges == 2


def test_secret_that_has_not_changed_is_left_alone() -> None:
    harness = Harness()
    harness.catalog.found = [SecretVersion("jobs", None, "v1")]

    assert (sweep(harness), sweep(harness)) == ([("jobs", None)], [])


def test_each_tenant_has_a_secret_of_its_own() -> None:
    harness = Harness()
    harness.catalog.found = [
        SecretVersion("partner", "acme", "v1"),
        SecretVersion("partner", "globex", "v1"),
    ]
    sweep(harness)
    harness.catalog.found[1] = SecretVersion("partner", "globex", "v2")

    assert sweep(harness) == [("partner", "globex")]


def test_a_run_for_one_secret_leaves_the_others_alone() -> None:
    harness = Harness()
    harness.catalog.found = [
        SecretVersion("partner", "acme", "v1"),
        SecretVersion("partner", "globex", "v1"),
    ]

    assert sweep(harness, "tokenvend/tokenvend/partner/globex") == [("partner", "globex")]
    assert sweep(harness, "somebody/elses") == []


def test_a_credential_that_the_provider_refuses_is_told_until_an_exchange_succeeds() -> None:
    harness = Harness()
    harness.catalog.found = [SecretVersion("jobs", None, "v1")]
    list(harness.parts().sweep.run())
    harness.provider.script(json_response({"error": "invalid_client"}, status=401))
    with pytest.raises(ProviderRefusedError):
        harness.vend(harness.environment())

    refused = [each.is_refused for each in harness.parts().sweep.run()]
    harness.clock.advance(timedelta(minutes=20))
    still_refused = [each.is_refused for each in harness.parts().sweep.run()]
    harness.vend(harness.environment())
    cured = [each.is_refused for each in harness.parts().sweep.run()]

    assert (refused, still_refused, cured) == ([True], [True], [False])


def test_secrets_manager_that_is_away_is_said() -> None:
    harness = Harness()
    harness.catalog.is_away = True

    with pytest.raises(StoreAwayError):
        sweep(harness)


THEIRS = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:theirs-AbCdEf"


def test_a_secret_that_is_only_tagged_for_a_credential_changes_nothing() -> None:
    harness = Harness()
    harness.catalog.found = [
        SecretVersion("jobs", None, "v1"),
        SecretVersion("jobs", None, "forged", adopted_arn=THEIRS),
        SecretVersion("nobody", None, "forged", adopted_arn=THEIRS),
    ]

    assert (sweep(harness), sweep(harness)) == ([("jobs", None)], [])
    assert harness.states.state("jobs").secret_generation == "v1"


@pytest.mark.parametrize("arn", [THEIRS, THEIRS.removesuffix("-AbCdEf")])
def test_only_the_adopted_secret_that_the_definition_names_counts(arn: str) -> None:
    harness = Harness(definition=replace(DEFINITION, secret=SecretReference(arn=arn)))
    harness.catalog.found = [
        SecretVersion("jobs", None, "left-over"),
        SecretVersion("jobs", None, "v1", adopted_arn=THEIRS),
        SecretVersion("jobs", None, "forged", adopted_arn=THEIRS.replace("theirs", "forged")),
    ]

    assert (sweep(harness), sweep(harness)) == ([("jobs", None)], [])
    assert harness.states.state("jobs").secret_generation == "v1"
