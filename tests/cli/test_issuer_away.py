"""An issuer that is away: what is planned, applied and explained all the same."""

from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Tokenvend

from tokenvend_cli.configuration import discovery
from tokenvend_cli.problems import IssuerAwayError, NoMetadataError

ISSUER = "https://auth.globex.example"
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "tokenvend.yaml"


class Network:
    """The issuers' metadata; `asked` names each URL that was read."""

    def __init__(self) -> None:
        self.is_away = False
        self.asked: list[str] = []
        self.token_endpoint = f"{ISSUER}/token"

    def fetch(self, url: str) -> dict[str, Any]:
        self.asked.append(url)
        if self.is_away:
            raise IssuerAwayError(f"cannot read {url}: ConnectionError")
        return {"issuer": ISSUER, "token_endpoint": self.token_endpoint}


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch, tokenvend: Tokenvend) -> Network:
    found = Network()
    monkeypatch.setattr(discovery, "_fetch", found.fetch)
    tokenvend.write(_with_issuer)
    return found


def _with_issuer(document: dict[str, Any]) -> None:
    document["providers"]["globex"] = {"issuer": ISSUER}
    document["credentials"]["globex-api"] = {"provider": "globex", "scopes": ["read"]}
    document["grants"].append({"caller": "shop", "credential": "globex-api", "scopes": ["read"]})


def _and_a_new_caller(document: dict[str, Any]) -> None:
    _with_issuer(document)
    document["callers"]["new"] = {"identities": [{"client": "new-one"}]}


def _and_a_change(document: dict[str, Any]) -> None:
    _and_a_new_caller(document)
    document["credentials"]["globex-api"]["default_lifetime_seconds"] = 700


def _plan(tokenvend: Tokenvend) -> Any:
    return tokenvend.json("plan", "--file", str(tokenvend.file))


def test_what_was_pinned_stays_and_the_rest_is_applied(
    tokenvend: Tokenvend, network: Network
) -> None:
    tokenvend.apply()
    network.is_away = True
    tokenvend.write(_and_a_new_caller)

    told = tokenvend.on_file("plan")
    document = _plan(tokenvend)
    applied = tokenvend.on_file("apply", "--yes", "--first")

    assert told.exit_code == 4
    assert f"{ISSUER} does not answer" in told.stderr
    assert "these stay as last applied: globex-api" in told.stderr
    assert [change["name"] for change in document["changes"]] == ["new"]
    assert document["unchecked"][0]["pinned"] == ["globex-api"]
    assert applied.exit_code == 0, applied.output
    network.is_away = False
    assert tokenvend.on_file("plan", "--detailed-exit-code").exit_code == 0


def test_an_apply_with_something_that_cannot_be_known_does_nothing(
    tokenvend: Tokenvend, network: Network
) -> None:
    tokenvend.apply()
    network.is_away = True
    tokenvend.write(_and_a_change)

    document = _plan(tokenvend)
    applied = tokenvend.on_file("apply", "--yes", "--first")

    assert [change["name"] for change in document["changes"]] == ["new"]
    assert document["unchecked"][0]["open"] == ["globex-api"]
    assert applied.exit_code == 1
    assert "nothing was applied: globex-api cannot be checked" in applied.stderr
    assert [row["caller"] for row in tokenvend.json("caller", "list")] == ["events", "shop"]


def test_a_new_credential_and_its_grants_are_left_out_of_the_plan(
    tokenvend: Tokenvend, network: Network
) -> None:
    network.is_away = True

    document = _plan(tokenvend)

    names = {change["name"] for change in document["changes"]}
    assert "jobs" in names
    assert not {name for name in names if "globex" in name}
    assert document["unchecked"][0]["open"] == ["globex-api"]
    assert tokenvend.on_file("apply", "--yes", "--first").exit_code == 1
    assert tokenvend.json("caller", "list") == []


def test_an_issuer_that_answers_wrongly_is_an_error_of_the_file(
    tokenvend: Tokenvend, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenvend.apply()

    def nothing(url: str) -> dict[str, Any]:
        raise NoMetadataError(f"{url} answered 404")

    monkeypatch.setattr(discovery, "_fetch", nothing)

    assert tokenvend.on_file("plan").exit_code == 2
    assert network.asked


def test_explain_asks_no_issuer_that_the_question_does_not_need(
    tokenvend: Tokenvend, network: Network
) -> None:
    words = ("explain", "--caller", "shop", "--credential")

    others = tokenvend.on_file(*words, "jobs")
    asked_for_others = list(network.asked)
    tokenvend.on_file(*words, "globex-api")

    assert others.exit_code == 0
    assert asked_for_others == []
    assert len(network.asked) == 1


def test_explain_says_the_rule_while_the_issuer_is_away(
    tokenvend: Tokenvend, network: Network
) -> None:
    network.is_away = True
    asked = ("explain", "--caller", "shop", "--credential", "globex-api")

    told = tokenvend.on_file(*asked)
    (verdict,) = tokenvend.json(*asked, "--file", str(tokenvend.file))

    assert told.exit_code == 0, told.output
    assert f"{ISSUER} does not answer" in told.stderr
    assert (verdict["decision"], verdict["scope"]) == ("granted", "read")
    assert (verdict["token_endpoint"], verdict["key"]) == (None, None)
    assert "not-known" not in told.output


@pytest.mark.parametrize("credential", ["sr-jobs", "sr-key", "acme-orders", "globex-api"])
def test_the_shipped_example_is_explained_offline(
    tokenvend: Tokenvend, network: Network, credential: str
) -> None:
    network.is_away = True

    verdicts = tokenvend.json(
        *("explain", "--caller", "billing", "--credential", credential, "--file", str(EXAMPLE))
    )

    assert [verdict["caller"] for verdict in verdicts] == ["billing", "billing"]
    assert all(verdict["rule"] for verdict in verdicts)
