"""Marks from keys and from other programs."""

from __future__ import annotations

import json
import socket

import pytest

from emocam.errors import SetupError, UsageError
from emocam.live.marks import (
    MarkListener,
    Marks,
    clean_name,
    mark_names,
    parse_marks_address,
    read_mark,
)
from emocam.live.senders.messages import Mark, SessionClock
from tests.live.senders.conftest import until

CLOCK = SessionClock(start_unix_s=1000.0, start_monotonic_s=100.0)


def test_keys_have_the_names_that_they_were_given():
    marks = Marks(("baseline", "film"))
    for action, time_s in (("mark 2", 7.0), ("mark 1", 5.0), ("mark 9", 8.0)):
        marks.press(action, time_s)
    assert marks.take("0") == [
        Mark("baseline", 5.0, "0"),
        Mark("film", 7.0, "0"),
        Mark("mark 9", 8.0, "0"),
    ]
    assert marks.take("0") == []


@pytest.mark.parametrize(
    ("text", "names"), [("", ()), ("a", ("a",)), ("baseline, film one ", ("baseline", "film one"))]
)
def test_names_stand_between_commas(text: str, names: tuple[str, ...]):
    assert mark_names(text) == names


@pytest.mark.parametrize("text", ["a,,b", ",".join("abcdefghij")])
def test_names_that_are_none(text: str):
    with pytest.raises(UsageError, match="1 to 9 names between commas"):
        mark_names(text)


@pytest.mark.parametrize(
    ("data", "mark"),
    [
        (b"stimulus\n", Mark("stimulus", 20.0)),
        ("Bäume".encode(), Mark("Bäume", 20.0)),
        (b'{"name": "a", "unix_s": 1018.5}', Mark("a", 18.5)),
        (b'{"name": "a", "monotonic_s": 119}', Mark("a", 19.0)),
        (b'{"name": "a", "unix_s": 5}', Mark("a", 20.0)),  # not in this session
        (b'{"name": "a", "unix_s": NaN}', Mark("a", 20.0)),
        (b'{"name": "a", "unix_s": "then"}', Mark("a", 20.0)),
        (b'{"half', Mark('{"half', 20.0)),
        (b"one\ntwo\x00\x1b[2J", Mark("one two [2J", 20.0)),
        (b"", None),
        (b'{"other": 1}', None),
        (b"\xff\xfe", Mark("\ufffd\ufffd", 20.0)),
    ],
)
def test_datagrams(data: bytes, mark: Mark | None):
    assert read_mark(data, CLOCK, arrived_s=120.0) == mark


def test_names_are_not_endless():
    assert len(clean_name("x" * 5000)) == 200


def test_a_listener_takes_what_comes_and_ends():
    clock = SessionClock.at(0.0)
    with MarkListener("127.0.0.1", 0, clock) as listener:
        marks = Marks((), listener)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
            program.sendto(b"stimulus", ("127.0.0.1", listener.port))
            told = {"name": "answer", "unix_s": clock.unix_s(0.25)}
            program.sendto(json.dumps(told).encode(), ("127.0.0.1", listener.port))
        got: list[Mark] = []
        until(lambda: got.extend(marks.take("0")) or len(got) == 2)
    by_name = {one.name: one for one in got}
    assert by_name["answer"].time_s == pytest.approx(0.25)
    assert 0 <= by_name["stimulus"].time_s < 60


def test_a_port_that_is_taken_is_told():
    with MarkListener("127.0.0.1", 0, CLOCK) as first:
        second = MarkListener("127.0.0.1", first.port, CLOCK)
        with pytest.raises(SetupError, match="can't take marks on udp://127"):
            second.__enter__()


@pytest.mark.parametrize(
    "text",
    ["udp://0.0.0.0:9000", "udp://127.0.0.1", "tcp://127.0.0.1:9", "udp://127.0.0.1:x", "9000"],
)
def test_only_programs_of_this_computer_may_mark(text: str):
    with pytest.raises(UsageError, match=r"--marks-from takes udp://127\.0\.0\.1:PORT"):
        parse_marks_address(text)


def test_an_address_of_this_computer():
    assert parse_marks_address("udp://127.0.0.1:9000") == ("127.0.0.1", 9000)
