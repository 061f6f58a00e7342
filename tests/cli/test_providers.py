"""`providers`: what the command knows of providers, and how sure it is."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from tokenvend_cli.configuration.profile_facts import fact_rows, least_sure
from tokenvend_cli.configuration.profile_models import CERTAINTIES, Certainty
from tokenvend_cli.configuration.profiles import load_profile, profile_names
from tokenvend_cli.main import app


def _told(*words: str) -> str:
    result = CliRunner().invoke(app, ["providers", *words])
    assert result.exit_code == 0, result.output
    return result.output


def _json(*words: str) -> Any:
    return json.loads(_told(*words, "--json"))


def test_every_profile_is_listed_with_what_is_least_sure_of_it() -> None:
    found = {row["profile"]: row["least_sure"] for row in _json("list")}

    assert found == {name: least_sure(load_profile(name)) for name in profile_names()}


def test_only_those_of_a_kind_are_listed() -> None:
    found = {row["profile"] for row in _json("list", "--kind", "api_key")}

    assert "smartrecruiters" in found
    assert "google" not in found


def test_kind_that_nobody_has_lists_nothing() -> None:
    assert _told("list", "--kind", "magic") == "No profile has credentials of that kind.\n"


def test_list_for_a_person_has_a_line_for_each() -> None:
    lines = _told("list").splitlines()

    assert [name for name in profile_names() if not any(name in line for line in lines)] == []


def test_every_fact_is_shown_with_its_certainty_and_its_source() -> None:
    profile = load_profile("smartrecruiters")

    shown = _json("show", "smartrecruiters")["facts"]

    assert shown == json.loads(json.dumps(fact_rows(profile)))
    assert len(shown) == len(profile.every_fact())
    assert {row["certainty"] for row in shown} == {"documented", "reported", "assumed"}
    assert all((row["source"] is None) is (row["certainty"] == "assumed") for row in shown)


def test_person_is_told_what_each_certainty_means() -> None:
    told = _told("show", "smartrecruiters")

    assert f"reported: {CERTAINTIES[Certainty.REPORTED]}" in told
    assert "recalled:" not in told
    assert "https://developers.smartrecruiters.com/docs/authentication" in told


def test_person_is_told_why_something_is_assumed() -> None:
    told = " ".join(_told("show", "smartrecruiters").split())

    assert "fixed; assumed, because: not documented" in told
    assert "1799; documented as 30 minutes" in told


def test_parameters_are_shown_with_an_example() -> None:
    assert "parameters.company: What stands before .bamboohr.com" in _told("show", "bamboohr")


def test_unknown_profile_is_wrong_use() -> None:
    result = CliRunner().invoke(app, ["providers", "show", "nobody"])

    assert result.exit_code == 2
    assert "there is no profile nobody" in result.output


@pytest.mark.parametrize("name", profile_names())
def test_each_profile_can_be_shown(name: str) -> None:
    assert load_profile(name).title in _told("show", name)
