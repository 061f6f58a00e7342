"""`probe`: its arguments, its requests to the provider, and what it prints."""

import json
from typing import Any

import pytest
import yaml
from tests.cli.conftest import Tokenvend
from tests.cli.demo_credential import SCOPES, set_up

from tokenvend_cli.probing.requests import MOST_REQUESTS
from tokenvend_local.demo_provider.client import ProviderControl
from tokenvend_local.demo_provider.clients import Flavour


def _answers(document: dict[str, Any]) -> dict[str, str | None]:
    return {each["question"]: each["answer"] for each in document["found"]}


def test_provider_that_narrows_is_found_out(
    tokenvend: Tokenvend, provider: ProviderControl
) -> None:
    set_up(tokenvend, provider, Flavour.STANDARD)

    document = tokenvend.json("probe", "jobs")

    answers = _answers(document)
    assert answers["a token lives for"] == "1799 s"
    assert answers["a second request gives"] == "another token"
    assert answers["asked for one scope, a token carries"] == "that one"
    assert answers["a scope that is not there"] == "400 invalid_scope"
    assert answers["the former token, when there is a new one"] is None
    suggested = yaml.safe_load(document["suggestion"])["providers"]["acme"]
    assert suggested["scope_mode"] == "narrows"
    assert suggested["scope_mode_source"].startswith("tokenvend probe jobs, 20")


def test_provider_that_does_not_narrow_is_found_out(
    tokenvend: Tokenvend, provider: ProviderControl
) -> None:
    set_up(tokenvend, provider, Flavour.SMARTRECRUITERS)

    document = tokenvend.json("probe", "jobs")

    assert _answers(document)["asked for one scope, a token carries"] == " ".join(SCOPES)
    assert yaml.safe_load(document["suggestion"]) == {
        "providers": {"acme": {"scope_mode": "fixed"}}
    }


def test_how_an_answer_is_known_can_be_read_on_a_narrow_screen(
    tokenvend: Tokenvend, provider: ProviderControl
) -> None:
    set_up(tokenvend, provider, Flavour.STANDARD)

    told = tokenvend("probe", "jobs").stdout

    assert "1799 s (expires_in)" in told
    assert "--introspection-endpoint)" in told


def test_neither_token_nor_secret_is_shown_and_few_requests_are_made(
    tokenvend: Tokenvend, provider: ProviderControl
) -> None:
    client = set_up(tokenvend, provider, Flavour.STANDARD)

    told = tokenvend("probe", "jobs")

    assert told.exit_code == 0, told.output
    assert not [value for value in provider.secret_values() if value in told.output]
    assert len(provider.exchanges(client.client_id)) == 4 <= MOST_REQUESTS


def test_provider_that_says_no_lifetime_is_told(
    tokenvend: Tokenvend, provider: ProviderControl
) -> None:
    client = set_up(tokenvend, provider, Flavour.STANDARD)
    provider.misbehave(client_id=client.client_id, fields={"expires_in": None})

    document = tokenvend.json("probe", "jobs")

    assert _answers(document)["a token lives for"] is None
    suggested = yaml.safe_load(document["suggestion"])
    assert suggested["credentials"]["jobs"]["default_lifetime_seconds"] == 300


def test_same_token_on_the_second_request_is_found_out(
    tokenvend: Tokenvend, provider: ProviderControl
) -> None:
    client = set_up(tokenvend, provider, Flavour.STANDARD)
    provider.misbehave(client_id=client.client_id, same_token=True)

    document = tokenvend.json("probe", "jobs")

    assert _answers(document)["a second request gives"] == "the same token"


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"status": 401, "error": "invalid_client"}, "issued no token: 401 invalid_client"),
        ({"body": "html"}, "issued no token"),
        ({"hang_up": True}, "does not answer"),
    ],
    ids=str,
)
def test_provider_that_gives_no_token_ends_it(
    tokenvend: Tokenvend, provider: ProviderControl, how: dict[str, Any], told: str
) -> None:
    client = set_up(tokenvend, provider, Flavour.STANDARD)
    provider.misbehave(client_id=client.client_id, **how)

    result = tokenvend("probe", "jobs")

    assert result.exit_code == 1
    assert told in result.stderr
    assert client.client_secret not in result.output


def test_secret_of_ones_own_is_used_instead_of_the_deployed_one(
    tokenvend: Tokenvend, provider: ProviderControl
) -> None:
    set_up(tokenvend, provider, Flavour.STANDARD)
    other = provider.add_client("mine", flavour=Flavour.STANDARD, scopes=SCOPES)
    secret = {"client_id": other.client_id, "client_secret": other.client_secret}

    tokenvend.json("probe", "jobs", "--secret-from-stdin", stdin=json.dumps(secret))

    assert len(provider.exchanges(other.client_id)) == 4


def test_secret_goes_to_no_other_host_for_introspection(
    tokenvend: Tokenvend, provider: ProviderControl
) -> None:
    client = set_up(tokenvend, provider, Flavour.STANDARD)

    result = tokenvend("probe", "jobs", "--introspection-endpoint", "https://evil.example/i")

    assert result.exit_code == 2
    assert provider.exchanges(client.client_id) == []


def test_secret_that_may_not_be_sent_there_is_not_sent(
    tokenvend: Tokenvend, provider: ProviderControl
) -> None:
    client = set_up(tokenvend, provider, Flavour.STANDARD)

    def redirect(document: dict[str, Any]) -> None:
        document["providers"]["acme"] = {"token_endpoint": "https://evil.example/token"}
        del document["callers"]["events"]
        document["credentials"] = {"jobs": {"provider": "acme", "scopes": SCOPES}}
        document["grants"] = []

    tokenvend.write(redirect)
    tokenvend.apply()

    assert tokenvend("probe", "jobs").exit_code == 1
    assert provider.exchanges(client.client_id) == []
