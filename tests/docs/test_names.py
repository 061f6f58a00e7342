"""The architecture and the glossary use the names that the code has."""

import re

import pytest
from tests.docs.names import CODE, ROOT, is_defined, resolves

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
DIAGRAMS = re.findall(r"^```mermaid\n(.*?)^```", ARCHITECTURE, re.MULTILINE | re.DOTALL)
SPANS = re.findall(r"`([^`\n]+)`", ARCHITECTURE.replace("```", ""))
#: Names of standards, of AWS and of the way in: no code of ours.
OF_OTHERS = {
    *("SigV4", "EventBridge", "DynamoDB", "BatchGetItem", "code_verifier"),
    *("tokenvend.yaml", "return_url", "connect_url"),
}
WORDS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in GLOSSARY.splitlines()
    if line.startswith("| ") and not line.startswith("| word |")
]


def test_a_diagram_shows_each_thing_that_a_newcomer_asks_for() -> None:
    kinds = [diagram.split()[0] for diagram in DIAGRAMS]

    assert kinds == [
        *("flowchart", "sequenceDiagram", "sequenceDiagram"),
        *("stateDiagram-v2", "stateDiagram-v2", "flowchart"),
    ]


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda each: each.split()[0])
def test_every_name_in_a_diagram_is_one_of_the_code(diagram: str) -> None:
    found = {name for name in CODE.findall(diagram) if "{" not in name} - OF_OTHERS

    assert found
    assert {name for name in found if not is_defined(name)} == set()


def test_every_state_in_a_diagram_is_one_of_the_code() -> None:
    from tokenvend.domain.connection import ConnectionStatus
    from tokenvend.domain.freshness import Freshness
    from tokenvend.domain.journal import JournalState

    token, refresh_token = (
        set(re.findall(r"\b[A-Z_]{4,}\b", diagram))
        for diagram in DIAGRAMS
        if diagram.startswith("stateDiagram")
    )

    assert token == {state.name for state in Freshness}
    assert refresh_token == {state.name for state in JournalState} | {
        ConnectionStatus.CONSENT_LOST.name
    }


def test_every_name_in_the_text_is_one_of_the_code() -> None:
    names = {name for span in SPANS for name in CODE.findall(span)} - OF_OTHERS

    assert {name for name in names if not is_defined(name)} == set()


def test_every_file_that_contributors_are_told_of_is_there() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = {
        name
        for name in re.findall(r"`([\w/.-]+\.(?:py|yaml|md))`", page)
        if "NAME" not in name and not name.startswith("build/")
    }

    assert len(told) > 10
    assert {name for name in told if not (is_defined(name) or _is_somewhere(name))} == set()


def _is_somewhere(name: str) -> bool:
    return (ROOT / name).exists() or any(
        any((ROOT / folder).rglob(name)) for folder in ("cli", "tools", "tests")
    )


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("Vendor.vend", True),
        ("Vendor.vendor", False),
        ("lease.Lease", True),
        ("Lease", True),
        ("Lese", False),
        ("domain/lease.py", True),
        ("domain/lese.py", False),
        ("TokensTable", True),
        ("TokenTable", False),
    ],
)
def test_check_of_a_name_knows_right_from_wrong(name: str, there: bool) -> None:  # noqa: FBT001
    assert is_defined(name) is there


def test_each_word_has_one_meaning_and_stands_in_its_place() -> None:
    words = [word for word, *_ in WORDS]

    assert words == sorted(set(words), key=str.lower)
    assert all(meaning for _, meaning, _, _ in WORDS)


@pytest.mark.parametrize("row", WORDS, ids=lambda row: row[0])
def test_every_name_in_the_glossary_is_one_of_the_code(row: list[str]) -> None:
    names = re.findall(r"`([^`]+)`", row[3])

    assert [name for name in names if not resolves(name)] == []


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("domain.lease.Lease", True),
        ("domain.connection.Consent.refresh_token", True),
        ("domain.lease.Lese", False),
        ("domain.lese.Lease", False),
        ("domain.connection.Consent.token", False),
        ("domain.lease", False),
    ],
)
def test_check_of_a_word_knows_right_from_wrong(name: str, there: bool) -> None:  # noqa: FBT001
    assert resolves(name) is there
