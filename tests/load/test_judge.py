"""Each rule of `make load` finds what breaks it, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from tests.load.samples import (
    FLOW,
    GUEST,
    ISSUED,
    LIFETIME,
    NOON,
    TURNED,
    exchange,
    run,
    seen,
)

from load.driver import Run
from load.flows import TAKEN, TOKEN, Flow, Way
from load.judge import RULES, judge

OTHER_SCOPE = exchange(0.2, 0.7, scope="jobs_manage")


def broken(judged: Run) -> set[str]:
    """The rules that something breaks."""
    return {rule for rule, found in judge(judged).items() if found}


def direct(**more: Any) -> Flow:
    return replace(FLOW, way=Way.DIRECT, **more)


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(run(), id="one token"),
        pytest.param(run(seen(after=LIFETIME - 0.2)), id="a token at its very end"),
        pytest.param(run(seen(status=503, error="temporarily_unavailable")), id="asked to wait"),
        pytest.param(
            run(exchanges=[exchange(0.0, 0.5), exchange(0.5, 1.0)]), id="one after another"
        ),
        pytest.param(run(exchanges=[exchange(0.0, 0.5), OTHER_SCOPE]), id="two keys at once"),
        pytest.param(run(seen(GUEST, after=6.9)), id="memory still knows the removed grant"),
        pytest.param(run(seen(GUEST, after=14.95)), id="the grant is on its way back"),
        pytest.param(
            run(seen(TURNED, after=8.9, status=502, error="provider_refused")),
            id="refused while the secret changes",
        ),
        pytest.param(
            run(
                seen(replace(FLOW, outcomes=frozenset({TOKEN, TAKEN})), outcome="accepted"),
                seen(after=13.0),
            ),
            id="a reported token while memory may hold it",
        ),
    ],
)
def test_run_in_which_all_held_breaks_no_rule(sound: Run) -> None:
    assert broken(sound) == set()


@pytest.mark.parametrize(
    ("judged", "rule"),
    [
        pytest.param(
            run(seen(after=LIFETIME)), "no token is answered expired", id="expired on arrival"
        ),
        pytest.param(
            run(seen(expires_at=NOON + LIFETIME + 1)),
            "no token is answered expired",
            id="said to live longer",
        ),
        pytest.param(
            run(issued={"token-1": None}), "no token is answered expired", id="nobody issued it"
        ),
        pytest.param(
            run(issued={"token-1": replace(ISSUED, client_id="another")}),
            "no token is outside its grant",
            id="another client's",
        ),
        pytest.param(
            run(
                seen(scope="jobs_manage jobs_read"),
                issued={"token-1": replace(ISSUED, scopes=("jobs_read", "jobs_manage"))},
            ),
            "no token is outside its grant",
            id="more scopes",
        ),
        pytest.param(
            run(seen(scope="jobs_read x")), "no token is outside its grant", id="scope is not said"
        ),
        pytest.param(
            run(seen(status=500, error="temporarily_unavailable")),
            "every error is documented with its status",
            id="another status",
        ),
        pytest.param(
            run(replace(seen(status=503, error="temporarily_unavailable"), has_retry_after=False)),
            "every error is documented with its status",
            id="no Retry-After",
        ),
        pytest.param(
            run(seen(direct(outcomes=frozenset({"raised X"})), status=0, error="raised X")),
            "every error is documented with its status",
            id="a direct invocation raised something else",
        ),
        pytest.param(
            run(seen(status=400, error="unauthorized_client")),
            "every request ends as its flow may",
            id="refused what is granted",
        ),
        pytest.param(
            run(seen(replace(FLOW, outcomes=frozenset({"invalid_scope"})))),
            "every request ends as its flow may",
            id="granted what is beyond",
        ),
        pytest.param(
            run(exchanges=[exchange(0.0, 0.5), exchange(0.4, 0.9)]),
            "one exchange at a time for each key",
            id="two at once",
        ),
        pytest.param(
            run(seen(GUEST, after=7.0)),
            "a removed grant is gone within memory seconds",
            id="answered without a grant",
        ),
        pytest.param(
            run(seen(TURNED, after=9.0, status=502, error="provider_refused")),
            "a changed secret is used within memory seconds",
            id="refused with the secret in its place",
        ),
        pytest.param(
            run(
                seen(replace(FLOW, outcomes=frozenset({TOKEN, TAKEN})), outcome="accepted"),
                seen(after=13.2),
            ),
            "a reported token is replaced",
            id="reported long ago",
        ),
    ],
)
def test_broken_rule_is_the_one_that_is_found(judged: Run, rule: str) -> None:
    assert broken(judged) == {rule}


def test_every_rule_has_a_case() -> None:
    marks = test_broken_rule_is_the_one_that_is_found.pytestmark  # type: ignore[attr-defined]
    cases = {case.values[1] for mark in marks for case in mark.args[1]}

    assert cases == {rule.__name__.replace("_", " ") for rule in RULES}
