"""Marks from other programs: a name that comes as a datagram marks the moment."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from emocam.errors import SetupError, UsageError
from emocam.live.senders.messages import Mark, SessionClock

if TYPE_CHECKING:
    from typing_extensions import Self

LONGEST_NAME = 200
MOST_NAMES = 9
_MOST_WAITING = 1000
_MOST_BYTES = 4096
_POLL_S = 0.2
_AHEAD_S = 1.0  # another program's clock may be ahead by so much
_HERE = {"127.0.0.1": socket.AF_INET, "localhost": socket.AF_INET, "::1": socket.AF_INET6}
_FORM = "udp://127.0.0.1:PORT"


def mark_names(text: str) -> tuple[str, ...]:
    """Names of the keys 1 to 9, as given between commas.

    Raises
    ------
    UsageError
        When there are too many, or one is empty.
    """
    names = tuple(clean_name(part) for part in text.split(",")) if text else ()
    if len(names) > MOST_NAMES or not all(names):
        raise UsageError(f"--marks takes 1 to 9 names between commas; got '{text}'")
    return names


def clean_name(text: str) -> str:
    """A name on one line that is not too long."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_NAME]


def parse_marks_address(text: str) -> tuple[str, int]:
    """Host and port of `--marks-from`: only programs on this computer may mark.

    Raises
    ------
    UsageError
        When it is something else.
    """
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "udp" or parts.hostname not in _HERE or port is None or parts.path:
        raise UsageError(f"--marks-from takes {_FORM}, on this computer only; got '{text}'")
    return parts.hostname, port


class MarkListener:
    """Takes marks from other programs on this computer; a context manager around its thread.

    A datagram is a name as UTF-8, or JSON such as `{"name": "stimulus", "unix_s": 1790000000.1}`:
    with `unix_s` or `monotonic_s` the mark has that time, otherwise that of its arrival.

    Parameters
    ----------
    host, port
        Where it listens; port 0 takes one that is free.
    clock
        The session's.
    """

    def __init__(self, host: str, port: int, clock: SessionClock) -> None:
        self._place, self._clock = (host, port), clock
        self._marks: deque[Mark] = deque(maxlen=_MOST_WAITING)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="marks", daemon=True)

    def __enter__(self) -> Self:
        self._socket = socket.socket(_HERE[self._place[0]], socket.SOCK_DGRAM)
        self._socket.settimeout(_POLL_S)
        try:
            self._socket.bind(self._place)
        except OSError as error:
            self._socket.close()
            where = f"udp://{self._place[0]}:{self._place[1]}"
            raise SetupError(f"can't take marks on {where}: {error.strerror or error}") from error
        self._thread.start()
        return self

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._socket.getsockname()[1])

    def take(self) -> list[Mark]:
        """Marks that came since the last call."""
        taken = []
        while self._marks:
            taken.append(self._marks.popleft())
        return taken

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                data = self._socket.recv(_MOST_BYTES)
            except OSError:  # nothing came, or more than a name may have (on Windows)
                continue
            mark = read_mark(data, self._clock, time.monotonic())
            if mark is not None:
                self._marks.append(mark)


class Marks:
    """Marks as they come, from keys and from other programs.

    Parameters
    ----------
    names
        Of the keys 1, 2, …; the others are called `mark 3` and so on.
    listener
        Takes marks from other programs; None for none.
    """

    def __init__(self, names: Sequence[str] = (), listener: MarkListener | None = None) -> None:
        self._names = tuple(names)
        self._listener = listener
        self._pressed: list[Mark] = []

    def press(self, action: str, time_s: float) -> None:
        """A key was pressed that marks; `action` is `mark 1` to `mark 9`."""
        number = int(action.rpartition(" ")[2])
        name = self._names[number - 1] if number <= len(self._names) else action
        self._pressed.append(Mark(name, time_s))

    def take(self, source: str) -> list[Mark]:
        """Marks that came since the last call, in order, for the source that is seen now."""
        came = [*self._pressed, *([] if self._listener is None else self._listener.take())]
        self._pressed = []
        return [replace(one, source=source) for one in sorted(came, key=lambda one: one.time_s)]


def read_mark(data: bytes, clock: SessionClock, arrived_s: float) -> Mark | None:
    """The mark of a datagram; None where it holds no name.

    Parameters
    ----------
    data
        What came.
    clock
        The session's.
    arrived_s
        When, on the clock of `time.monotonic()`.
    """
    text = data.decode(errors="replace").strip()
    told = _json_object(text)
    name = clean_name(text if told is None else str(told.get("name", "")))
    if not name:
        return None
    return Mark(name, _time_s(told or {}, clock, arrived_s - clock.start_monotonic_s))


def _time_s(told: dict[str, Any], clock: SessionClock, arrived_s: float) -> float:
    """When it was, where that is told and lies in the session; otherwise when it came."""
    starts_s = {"monotonic_s": clock.start_monotonic_s, "unix_s": clock.start_unix_s}
    for key, start_s in starts_s.items():
        given = told.get(key)
        if isinstance(given, int | float) and 0 <= given - start_s <= arrived_s + _AHEAD_S:
            return float(given) - start_s
    return arrived_s


def _json_object(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        told = json.loads(text)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
