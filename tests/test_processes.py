"""A process that dies, however little of its answer it has given."""

from __future__ import annotations

import os
import signal
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection

import pytest

from emocam.processes import Process


def die_amid_answer() -> bytes:
    """An answer of which one half is sent, as when memory ends or the run is stopped."""

    def send_half(connection: Connection, data: bytes, *_: object) -> None:
        os.write(connection.fileno(), data[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    Connection._send = send_half  # type: ignore[attr-defined]
    return bytes(1000)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal on this system")
@pytest.mark.parametrize("is_forked_here", [False, True])
def test_one_killed_amid_its_answer_is_lost_and_replaced(is_forked_here: bool) -> None:
    with Process("emocam.errors", is_forked_here=is_forked_here) as process:
        with pytest.raises(BrokenProcessPool):
            process.submit(die_amid_answer).result(20)
        assert process.submit(os.getpid).result(20) != os.getpid()
