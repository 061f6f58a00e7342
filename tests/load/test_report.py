"""The table of a run."""

import json
from dataclasses import replace
from io import StringIO

from rich.console import Console
from tests.load.samples import CLIENT, FLOW, exchange, run, seen

from load.flows import TAKEN, Way
from load.report import document, entry_rows, key_rows, show

BARE = replace(FLOW, way=Way.BARE_HTTP, outcomes=frozenset({TAKEN}))


def test_latency_is_told_as_a_ratio_to_the_bare_call_and_cold_ones_do_not_count() -> None:
    answers = (
        replace(seen(after=1.0), seconds=9.0),
        replace(seen(after=20.0), seconds=0.3),
        replace(seen(after=21.0, status=503, error="temporarily_unavailable"), seconds=8.0),
        replace(seen(BARE, after=20.0), fields={}, seconds=0.1),
    )

    rows = {row.entry: row for row in entry_rows(run(*answers, warm_up_seconds=10.0))}

    assert rows["iam"].latency_ratios == dict.fromkeys(("p50", "p95", "p99", "most"), 3.0)
    assert (rows["iam"].answers, rows["iam"].tokens, rows["iam"].from_provider) == (3, 2, 1)
    assert rows["iam"].errors == {"503 temporarily_unavailable": 1}


def test_exchanges_are_told_for_each_lifetime_that_passed() -> None:
    exchanges = [exchange(0, 1), exchange(18, 19), exchange(20, 21, status=503)]

    (row,) = key_rows(run(exchanges=exchanges), {CLIENT: 20})

    assert (row.client, row.lifetimes, row.exchanges, row.refused) == ("jobs-1", 2.0, 3, 1)
    assert row.per_lifetime == 1.0


def test_no_token_stands_in_the_table_and_what_broke_does() -> None:
    found = document(run(), {CLIENT: 20}, {"a rule": ["iam, jobs: 1 s"], "another": []})
    out = StringIO()

    show(Console(file=out, width=200), found)

    assert "token-1" not in json.dumps(found)
    assert "BROKEN, 1 times: a rule" in out.getvalue()
    assert "held: another" in out.getvalue()
    assert found["seconds"] == 40.0
