"""What a month costs, beside the other ways, as docs/why-not.md has it."""

import re
from pathlib import Path

import pytest
from benchmarks.sizes import ELSEWHERE_AS_OF, SIZES, Size

from benchmarks import sizes

DOCS = Path(__file__).parents[2] / "docs"
COST = (DOCS / "cost.md").read_text(encoding="utf-8")
PAGE = (DOCS / "why-not.md").read_text(encoding="utf-8")


def _documented(pattern: str) -> float:
    found = re.search(pattern, COST, re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_table_follows_from_the_page_on_cost_and_the_list_prices() -> None:
    rows = sizes.rows(
        over_http=_documented(r"^\| HTTP \| the mix .*\*\*([\d.]+)\*\* \|$"),
        direct=_documented(r"^\| direct \| the mix .*\*\*([\d.]+)\*\* \|$"),
        standing=_documented(r"^\| \*\*together\*\* \| \*\*\$([\d.]+)\*\* \|$"),
    )

    for row in sizes.as_table(rows):
        assert row in PAGE
    assert f"as of {ELSEWHERE_AS_OF}" in " ".join(PAGE.split())


def test_sizes_are_those_that_the_page_names() -> None:
    page = " ".join(PAGE.split())

    for size in SIZES:
        assert f"{size.name} ({size.vends:,} vends, {size.secrets} secrets)" in page


def test_measured_parts_are_added_and_what_is_off_by_default_is_not() -> None:
    standing = dict.fromkeys(sizes.STANDING, 1.0) | {"ApiMethodMetrics=true": 100.0}
    mixes = [
        {"entry": "HTTP", "source": "the mix", "total": 2.0},
        {"entry": "HTTP", "source": "memory", "total": 50.0},
        {"entry": "direct", "source": "the mix", "total": 1.0},
    ]

    found = sizes.from_measurement({"rows": mixes, "standing": standing})

    assert found["tokenvend, HTTP"][1] == pytest.approx(5 + 20 * 0.40 + 10 * 2)
    assert found["tokenvend, direct invocation"][1] == pytest.approx(5 + 20 * 0.40 + 10)


@pytest.mark.parametrize(
    ("dollars", "expected"),
    [
        (sizes.agentcore(Size("s", 1_000_000, 9)), 10.0),
        (sizes.api_destinations(Size("s", 1_000_000, 9)), 0.20),
        (sizes.vault(Size("s", 1, 1)), 3 * 730 * 0.0416),
        (sizes.own_function(Size("s", 1_000_000, 1)), 0.4 + 0.2 + 0.01 + 0.21),
    ],
)
def test_others_cost_what_their_list_prices_say(dollars: float, expected: float) -> None:
    assert dollars == pytest.approx(expected, abs=1e-3)
