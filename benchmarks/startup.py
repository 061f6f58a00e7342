"""From nothing to the first answer: whole processes, in turn; and what of it INIT did.

Lambda gives INIT a whole processor and a request its memory's share, so the same work is dearer in
the first request. How much of it is left there is a ratio within one process.
"""

import json
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks.measure import Row
from benchmarks.stage import Stage
from tokenvend_local import places

_ROUNDS = 21
_HERE = Path(__file__).parent
_FLOOR = "boto3, two clients, one GetItem, one Decrypt"
_FUNCTION = "VendIamFunction"


def rows(stage: Stage) -> Iterator[Row]:
    """Start-up over each entry, and the first request's share of it."""
    yield from _start_up(stage)
    yield from _first_invocation(stage)


def _start_up(stage: Stage) -> Iterator[Row]:
    for function, entry, goal in (
        ("VendDirectFunction", "direct", 1.0),
        ("VendIamFunction", "HTTP", 1.0),
    ):
        _put_token_in_store(stage, function)
        ours, floor = _in_turn(_ours(stage, function), _floor(stage, function))
        yield Row(f"start-up to first answer, {entry}", ours, floor, _FLOOR, goal, "ms")


def _first_invocation(stage: Stage) -> Iterator[Row]:
    _put_token_in_store(stage, _FUNCTION)
    init, store = _on_lambdas_runtime(stage, expected="store")
    yield Row(
        "first invocation after INIT, store", store, init, "the same process's INIT", 0.06, "ms"
    )
    restored = _restored(stage)
    yield Row("first answer of a restored environment", restored, 20.0, "the bound", 1.0, "ms")
    init, exchange = _on_lambdas_runtime(stage, expected="provider")
    yield Row(
        "first invocation after INIT, exchange",
        exchange,
        init,
        "the same process's INIT",
        0.25,
        "ms",
    )


def _on_lambdas_runtime(stage: Stage, *, expected: str) -> tuple[float, float]:
    """Milliseconds of processor time for INIT and for the first answer; medians.

    Each is a new environment under Lambda's runtime client and its emulator.
    """
    said = []
    for _ in range(_ROUNDS):
        if expected == "provider":
            stage.forget_tokens()
        with stage.environment(_FUNCTION, "timed_app.lambda_handler") as environment:
            said.append(environment.invoke(stage.event(_FUNCTION)))
        _expect(said[-1]["source"], expected)
    return (
        statistics.median(each["init_ms"] for each in said),
        statistics.median(each["answer_ms"] for each in said),
    )


def _restored(stage: Stage) -> float:
    """Milliseconds of processor time for the first answer of a process forked after INIT; median.

    The emulator restores nothing, so the fork stands in, without the runtime client.
    """
    event = json.dumps(stage.event(_FUNCTION))
    command = [str(_HERE / "first_answer.py"), event, stage.alias(_FUNCTION), "restored"]
    variables, folder = stage.variables(_FUNCTION), places.SAM_BUILD / _FUNCTION
    said = [json.loads(_run(command, variables, folder)) for _ in range(_ROUNDS)]
    for each in said:
        _expect(each["source"], "store")
    return float(statistics.median(each["answer_ms"] for each in said))


def _put_token_in_store(stage: Stage, function: str) -> None:
    with stage.environment(function) as environment:
        environment.invoke(stage.event(function))


def _ours(stage: Stage, function: str) -> Callable[[], None]:
    event = json.dumps(stage.event(function))
    command = [str(_HERE / "first_answer.py"), event, stage.alias(function)]
    variables, folder = stage.variables(function), places.SAM_BUILD / function

    def run() -> None:
        _expect(json.loads(_run(command, variables, folder))["source"], "store")

    return run


def _floor(stage: Stage, function: str) -> Callable[[], None]:
    variables = stage.variables(function)
    # The floor is what Lambda brings, without the layer.
    del variables["PYTHONPATH"]
    item = stage.token_items()[0]
    context = {
        "tokenvend:deployment": variables["TOKENVEND_DEPLOYMENT"],
        "tokenvend:table": "tokens",
    }
    command = [
        str(_HERE / "first_calls.py"),
        variables["TOKENVEND_TOKENS_TABLE"],
        item["pk"]["S"],
        variables["TOKENVEND_KEY_ARN"],
        json.dumps(context),
    ]
    return lambda: _expect(_run(command, variables, places.ROOT), "32")


def _run(command: list[str], variables: Mapping[str, str], folder: Path) -> str:
    """The last line that a process says."""
    done = subprocess.run(
        [str(places.RUNTIME_PYTHON), *command],
        env=dict(variables),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]


def _expect(said: str, expected: str) -> None:
    if said != expected:
        raise RuntimeError(f"a process said {said!r}, not {expected!r}")


def _in_turn(ours: Callable[[], None], floor: Callable[[], None]) -> tuple[float, float]:
    for warm_up in (ours, floor):
        warm_up()
    rounds = [(_milliseconds(ours), _milliseconds(floor)) for _ in range(_ROUNDS)]
    return (
        statistics.median(mine for mine, _ in rounds),
        statistics.median(theirs for _, theirs in rounds),
    )


def _milliseconds(process: Callable[[], None]) -> float:
    started = time.perf_counter()
    process()
    return (time.perf_counter() - started) * 1e3
