"""JSON lines into a pipe."""

from __future__ import annotations

import json
import os

from emocam.live.senders.lines import LineSender
from emocam.live.senders.messages import message
from tests.live.senders.conftest import EVENTS, frame, reading, until


def test_each_line_is_a_message(clock):
    read, write = os.pipe()
    with LineSender("jsonl:-", clock, write) as sender:
        for event in EVENTS:
            sender.put(event)
    os.close(write)
    with os.fdopen(read) as pipe:
        assert [json.loads(line) for line in pipe] == [message(one, clock) for one in EVENTS]


def test_a_pipe_that_nobody_reads_holds_up_nothing_and_all_comes_in_the_end(clock):
    read, write = os.pipe()
    with LineSender("jsonl:-", clock, write) as sender:
        for number in range(900):  # more than a pipe holds
            sender.put(frame(number, reading()))
        until(lambda: sender.sent > 10)
        assert sender.sent < 900
        with os.fdopen(read, closefd=False) as pipe:
            got = [json.loads(pipe.readline())["frame"] for _ in range(900)]
        assert got == list(range(900))
        until(lambda: sender.sent == 900)
    assert sender.unsent == 0
    os.close(write)
    os.close(read)


def test_a_reader_that_has_left_is_told(clock):
    read, write = os.pipe()
    os.close(read)
    with LineSender("jsonl:-", clock, write) as sender:
        sender.put(frame(0))
        until(lambda: sender.unsent == 1)
    os.close(write)
    assert "Broken pipe" in sender.take_news()[0]
