"""An alarm's description says what happened and what to do first, and where to read on."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.template.conftest import CloudFormation

ROOT = Path(__file__).parents[2]
TEMPLATE = (ROOT / "template.yaml").read_text(encoding="utf-8")
RESOURCES: dict[str, Any] = yaml.load(TEMPLATE, Loader=CloudFormation)["Resources"]  # noqa: S506
ALARMS = {
    name: each["Properties"]["AlarmDescription"]
    for name, each in RESOURCES.items()
    if each["Type"] == "AWS::CloudWatch::Alarm"
}
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def test_every_alarm_has_a_section_in_the_order_of_the_template() -> None:
    assert re.findall(r"^## (\w+Alarm)$", OPERATING, re.MULTILINE) == list(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_description_says_what_happened_what_to_do_first_and_its_section(name: str) -> None:
    what, first, page = re.fullmatch(  # type: ignore[union-attr]
        r"([A-Z].+\.) First: (.+)\. Page: (\S+)", ALARMS[name]
    ).groups()

    assert page == f"docs/operating.md#{name.lower()}"
    assert max(len(sentence.split()) for sentence in re.split(r"[.;:] ", f"{what} {first}")) <= 30


@pytest.mark.parametrize("name", ALARMS)
def test_description_names_only_what_its_section_knows(name: str) -> None:
    """Commands, saved queries and log lines; a section may refer to another alarm's."""
    named = {text.split(" --")[0] for text in re.findall(r"`([^`]+)`", ALARMS[name])}

    assert {text for text in named if text not in OPERATING} == set()


def test_every_saved_query_that_a_description_names_exists() -> None:
    queries = {
        each["Properties"]["Name"]["Fn::Sub"].rpartition("/")[2]
        for each in RESOURCES.values()
        if each["Type"] == "AWS::Logs::QueryDefinition"
    }
    named = set(re.findall(r"saved query `([^`]+)`", " ".join(ALARMS.values())))

    assert named
    assert named <= queries
