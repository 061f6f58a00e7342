"""A token that its API takes in a form of its own, through every cache."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.vending.harness import Harness

from tokenvend.domain.answer import Source
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.secret import Secret

BESIDE = {"headers": {"X-Token": "{token}", "X-Api-Key": "{secret.api_key}"}}


def _harness(described: dict[str, Any], *, recorded: str = "@callers:api_key") -> Harness:
    harness = Harness()
    harness.reader.definitions["jobs"] = replace(
        harness.reader.definitions["jobs"], api_request=described
    )
    secret = harness.secrets.secrets["jobs", None]
    harness.secrets.secrets["jobs", None] = replace(
        secret,
        allowed_host=f"{secret.allowed_host} {recorded}".strip(),
        fields={"api_key": Secret("K"), "webhook_key": Secret("hunter2")},
    )
    return harness


def test_token_from_memory_and_from_the_table_is_sent_alike_and_reads_no_secret() -> None:
    harness = _harness(BESIDE)
    first = harness.environment(memory=timedelta(seconds=30))

    answers = [harness.vend(each).answer for each in (first, first, harness.environment())]

    assert [each.source for each in answers] == [Source.PROVIDER, Source.MEMORY, Source.STORE]
    token = answers[0].token.access_token.reveal()
    for answer in answers:
        document = answer.to_dict()
        assert document["headers"] == {"X-Token": token, "X-Api-Key": "K"}
        assert document["query"] == {}
        assert document["token_type"] == "N_A"
    assert harness.secrets.reads == 1


def test_changed_description_is_another_key_so_no_token_is_sent_in_the_former_form() -> None:
    harness = _harness(BESIDE)
    harness.vend(harness.environment())
    changed: CredentialDefinition = replace(
        harness.reader.definitions["jobs"], api_request={"header_name": "X-Other"}
    )
    harness.reader.definitions["jobs"] = changed

    answer = harness.vend(harness.environment()).answer

    assert answer.source is Source.PROVIDER
    assert list(answer.to_dict()["headers"]) == ["X-Other"]  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "recorded",
    [
        pytest.param("", id="nothing is recorded, as of every secret of a former version"),
        pytest.param("@callers:api_key", id="another field is"),
        pytest.param("@callers:webhook", id="the beginning of its name is"),
        pytest.param("@callers", id="the mark of an API key is"),
    ],
)
def test_field_that_was_not_recorded_with_the_secret_is_not_handed_out(recorded: str) -> None:
    """Whoever may change the file, but not the secret, names one more of its fields."""
    described = {"headers": {"X-Token": "{token}", "X-Key": "{secret.webhook_key}"}}
    harness = _harness(described, recorded=recorded)

    with pytest.raises(CredentialNotReadyError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "secret.host"
    assert harness.provider.requests == []


def test_value_of_a_tenant_does_not_hand_out_a_field_of_the_secret() -> None:
    """... or declares the field as a value of the tenant's."""
    harness = _harness({"headers": {"X-Token": "{token}", "X-Key": "{tenant.webhook_key}"}})
    harness.reader.definitions["jobs"] = replace(
        harness.reader.definitions["jobs"], tenant_values={"webhook_key": ("*",)}
    )
    secret = harness.secrets.secrets["jobs", None]
    harness.secrets.secrets["jobs", None] = replace(
        secret, tenant_values={"webhook_key": Secret("hunter2")}
    )

    with pytest.raises(CredentialNotReadyError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "secret.host"


def test_value_that_no_header_can_have_costs_no_token_request() -> None:
    harness = _harness(BESIDE)
    secret = harness.secrets.secrets["jobs", None]
    harness.secrets.secrets["jobs", None] = replace(secret, fields={"api_key": Secret("K\n1")})

    with pytest.raises(CredentialNotReadyError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "secret.unusable"
    assert harness.provider.requests == []
