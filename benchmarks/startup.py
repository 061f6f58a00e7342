"""From nothing to the first answer, with the token in the table: whole processes, in turn."""

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


def rows(stage: Stage) -> Iterator[Row]:
    """Start-up over the direct entry and over HTTP."""
    for function, entry, goal in (
        ("VendDirectFunction", "direct", 1.25),
        ("VendIamFunction", "HTTP", 1.5),
    ):
        _put_token_in_store(stage, function)
        ours, floor = _in_turn(_ours(stage, function), _floor(stage, function))
        yield Row(f"start-up to first answer, {entry}", ours, floor, _FLOOR, goal, "ms")


def _put_token_in_store(stage: Stage, function: str) -> None:
    with stage.environment(function) as environment:
        environment.invoke(stage.event(function))


def _ours(stage: Stage, function: str) -> Callable[[], str]:
    event = json.dumps(stage.event(function))
    command = [str(_HERE / "first_answer.py"), event, stage.alias(function)]
    return _process(
        command, stage.variables(function), places.SAM_BUILD / function, expected="store"
    )


def _floor(stage: Stage, function: str) -> Callable[[], str]:
    variables = stage.variables(function)
    # The floor is what Lambda brings, without the layer.
    del variables["PYTHONPATH"]
    item = stage.token_items()[0]
    context = {
        "tokenvend:deployment": variables["TOKENVEND_DEPLOYMENT"],
        "tokenvend:table": "tokens",
    }
    arguments = [
        variables["TOKENVEND_TOKENS_TABLE"],
        item["pk"]["S"],
        variables["TOKENVEND_KEY_ARN"],
        json.dumps(context),
    ]
    return _process(
        [str(_HERE / "first_calls.py"), *arguments], variables, places.ROOT, expected="32"
    )


def _process(
    command: list[str], variables: Mapping[str, str], folder: Path, *, expected: str
) -> Callable[[], str]:
    def run() -> str:
        done = subprocess.run(
            [str(places.RUNTIME_PYTHON), *command],
            env=dict(variables),
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        said = done.stdout.splitlines()[-1]
        if said != expected:
            raise RuntimeError(f"{Path(command[0]).name} said {said!r}, not {expected!r}")
        return said

    return run


def _in_turn(ours: Callable[[], str], floor: Callable[[], str]) -> tuple[float, float]:
    for warm_up in (ours, floor):
        warm_up()
    rounds = [(_milliseconds(ours), _milliseconds(floor)) for _ in range(_ROUNDS)]
    return (
        statistics.median(mine for mine, _ in rounds),
        statistics.median(theirs for _, theirs in rounds),
    )


def _milliseconds(process: Callable[[], str]) -> float:
    started = time.perf_counter()
    process()
    return (time.perf_counter() - started) * 1e3
