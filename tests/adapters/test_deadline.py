"""A call's deadline at its very end, and that sending waits no longer than is left."""

import socket
import time
from typing import Any

import pytest

from tokenvend.adapters.deadline import Deadline, bounded_pools


class Watch:
    """A monotonic clock that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(time, "monotonic", watch)
    return watch


def test_a_call_is_over_at_its_deadline_and_not_before(watch: Watch) -> None:
    deadline = Deadline(5.0)

    watch.now = 104.5
    assert (deadline.left(), deadline.is_over()) == (0.5, False)
    watch.now = 105.0
    assert deadline.is_over()
    with pytest.raises(TimeoutError, match=r"^the time for this call is over$"):
        deadline.left()


def test_sending_waits_no_longer_than_the_call_has_left(watch: Watch) -> None:
    pool = bounded_pools(Deadline(5.0), connect_seconds=1.0).connection_from_url("http://a.example")
    connection: Any = pool._new_conn()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection.sock = ours
        watch.now = 103.0

        connection.send(b"a")

        assert ours.gettimeout() == 2.0
        assert theirs.recv(1) == b"a"
