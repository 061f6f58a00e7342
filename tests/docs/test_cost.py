"""The figures of cost that several pages quote agree with each other."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COST, WHY_NOT, README = (
    (ROOT / name).read_text(encoding="utf-8")
    for name in ("docs/cost.md", "docs/why-not.md", "README.md")
)


def _one(pattern: str, text: str) -> str:
    (found,) = set(re.findall(pattern, text))
    return str(found)


def test_an_idle_deployment_costs_the_sum_of_its_parts_on_every_page() -> None:
    table = COST.partition("## What an idle deployment costs")[2].partition("**together**")[0]
    parts = [float(each) for each in re.findall(r"\| \$([\d.]+) \|$", table, re.MULTILINE)]
    total = _one(r"\*\*together\*\* \| \*\*\$([\d.]+)\*\*", COST)

    assert len(parts) == 5
    assert f"{sum(parts):.2f}" == total
    assert _one(r"\$([\d.]+)(?: a month)? for an idle deployment", COST) == total
    assert _one(r"\$([\d.]+)(?: a month)? for an idle deployment", WHY_NOT) == total


@pytest.mark.parametrize(
    ("entry", "named"), [("HTTP", "over HTTP"), ("direct", "by direct invocation")]
)
def test_a_million_vends_cost_the_same_on_every_page(entry: str, named: str) -> None:
    total = _one(rf"\| {entry} \| the mix \|.*\*\*([\d.]+)\*\* \|", COST)

    for page in (COST, WHY_NOT, README):
        assert f"${total} " in re.sub(r"\s+", " ", page)
        assert (
            _one(rf"\$([\d.]+)(?: for a million vends)? {named}", re.sub(r"\s+", " ", page))
            == total
        )
