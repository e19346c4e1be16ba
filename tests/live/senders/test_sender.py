"""Queue, thread and counts that all senders share, with a receiver that does as it is told."""

from __future__ import annotations

import threading
import time

from emocam.live.senders import sender as sender_module
from emocam.live.senders.sender import MOST_WAITING, NotSent, Sender
from tests.live.senders.conftest import frame, until
from tests.waiting import WAIT_S


class Told(Sender):
    """Blocks, fails or takes messages as the test wishes."""

    def __init__(self, clock):
        super().__init__("told", clock)
        self.taken: list[int] = []
        self.may_go = threading.Event()
        self.may_go.set()
        self.fault: Exception | None = None

    def send(self, event):
        self.may_go.wait(WAIT_S)
        if self.fault is not None:
            raise self.fault
        self.taken.append(event.index)

    def disconnect(self):
        self.may_go.set()


def test_messages_go_in_order(clock):
    with Told(clock) as told:
        for number in range(100):
            told.put(frame(number))
    assert told.taken == list(range(100))
    assert (told.sent, told.unsent) == (100, 0)
    assert told.summary == "told: 100 messages sent"
    assert told.take_news() == []


def test_a_receiver_that_stalls_holds_up_nobody_and_gets_all_in_the_end(clock):
    with Told(clock) as told:
        told.may_go.clear()
        start_s = time.monotonic()
        for number in range(MOST_WAITING // 2):
            told.put(frame(number))
        assert time.monotonic() - start_s < WAIT_S / 10
        assert told.taken == []
        told.may_go.set()
        until(lambda: told.sent == MOST_WAITING // 2)
    assert told.unsent == 0


def test_what_waits_is_bounded_and_the_oldest_is_given_up(clock):
    with Told(clock) as told:
        told.may_go.clear()
        told.put(frame(0))
        until(lambda: told._is_busy)
        for number in range(1, MOST_WAITING + 11):
            told.put(frame(number))
        assert told.take_news() == ["told gets nothing: the receiver is too slow; trying again"]
        told.may_go.set()
        until(lambda: told.sent == MOST_WAITING + 1)
        until(lambda: told.take_news() == ["told gets readings again; 10 were not sent"])
    assert told.taken == [0, *range(11, MOST_WAITING + 11)]
    assert (told.sent, told.unsent) == (MOST_WAITING + 1, 10)
    assert told.summary == f"told: {MOST_WAITING + 1} messages sent, 10 could not be sent"


def test_a_receiver_that_dies_is_told_once_and_so_is_its_return(clock):
    with Told(clock) as told:
        told.fault = NotSent("nobody there")
        for number in range(3):
            told.put(frame(number))
        until(lambda: told.unsent == 3)
        assert told.take_news() == ["told gets nothing: nobody there; trying again"]
        told.fault = None
        told.put(frame(3))
        until(lambda: told.take_news() == ["told gets readings again; 3 were not sent"])
    assert told.taken == [3]


def test_any_error_of_a_library_is_counted_and_does_not_end_the_thread(clock):
    with Told(clock) as told:
        told.fault = RuntimeError("inside of somebody's code")
        told.put(frame(0))
        until(lambda: told.unsent == 1)
        told.fault = None
        told.put(frame(1))
        until(lambda: told.sent == 1)


def test_a_receiver_that_hangs_at_the_end_does_not_hold_up_the_end(clock, monkeypatch):
    monkeypatch.setattr(sender_module, "_DRAIN_S", 0.1)
    monkeypatch.setattr(sender_module, "_JOIN_S", 0.1)
    told = Told(clock)
    told.disconnect = lambda: None  # type: ignore[method-assign]
    with told:
        told.may_go.clear()
        for number in range(5):
            told.put(frame(number))
        start_s = time.monotonic()
    assert time.monotonic() - start_s < WAIT_S / 2
    assert (told.sent, told.unsent) == (0, 5)
    told.may_go.set()
