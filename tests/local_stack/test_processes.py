"""What was started is stopped with all its children, and nothing else is."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tokenvend_local import processes
from tokenvend_local.errors import LocalStackError
from tokenvend_local.processes import Process

TREE = "sleep 60 & echo $!; sleep 60 & echo $!; wait"
STUBBORN = "trap '' TERM; echo ready; while true; do sleep 0.05; done"


def start(script: str, log: Path) -> Process:
    return processes.start("A test", ["bash", "-c", script], environ=dict(os.environ), log=log)


def wait_for_lines(process: Process, log: Path, count: int) -> list[str]:
    processes.wait_until(
        process, lambda: len(log.read_text().split()) == count, within_seconds=30, log=log
    )
    return log.read_text().split()


def test_children_are_stopped_too(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start(TREE, log)
    children = [int(line) for line in wait_for_lines(process, log, 2)]

    processes.stop(process)

    assert not process.is_alive
    assert [processes.birth(pid) for pid in children] == ["", ""]


def test_one_that_does_not_listen_is_made_to_stop(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start(STUBBORN, log)
    wait_for_lines(process, log, 1)

    processes.stop(process, patience_seconds=0.2)

    assert not process.is_alive


def test_children_of_one_that_ended_by_itself_are_stopped(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start("sleep 60 & echo $!", log)
    deadline = time.monotonic() + 30
    while process.is_alive and time.monotonic() < deadline:
        time.sleep(0.02)
    child = int(log.read_text())

    processes.stop(process)

    assert processes.birth(child) == ""


def test_a_process_that_took_over_the_number_is_left_alone(tmp_path: Path) -> None:
    process = start(STUBBORN, tmp_path / "log")
    former = replace(process, born="long ago")
    held = processes._children.pop(process.pid)

    processes.stop(former, patience_seconds=0.1)

    assert process.is_alive
    processes._children[process.pid] = held
    processes.stop(process, patience_seconds=0.1)


def test_stopping_what_is_gone_is_fine(tmp_path: Path) -> None:
    process = start("true", tmp_path / "log")

    processes.stop(process)
    processes.stop(process)

    assert not process.is_alive


def test_one_that_ends_at_once_is_reported_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start("echo the port is taken; exit 1", log)

    with pytest.raises(LocalStackError, match="ended as soon as") as caught:
        processes.wait_until(process, lambda: False, within_seconds=30, log=log)

    processes.stop(process)
    assert "the port is taken" in str(caught.value)
    assert str(log) in str(caught.value)


def test_one_that_never_answers_is_reported(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start("sleep 60", log)

    with pytest.raises(LocalStackError, match="did not answer within"):
        processes.wait_until(process, lambda: False, within_seconds=0.1, log=log)

    processes.stop(process)


def test_a_run_gives_the_exit_code(tmp_path: Path) -> None:
    code = processes.run(
        "A test",
        ["bash", "-c", "echo said; exit 3"],
        environ=dict(os.environ),
        log=tmp_path / "log",
        cwd=tmp_path,
    )

    assert code == 3
    assert (tmp_path / "log").read_text() == "said\n"
