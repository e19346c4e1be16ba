"""A receiver of readings, with a thread and a bounded queue of its own.

Whoever puts something in never waits: a receiver that is slow, absent or dead costs nobody else
anything, and what it missed is counted.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING

from emocam.errors import reason_of
from emocam.live.senders.messages import Event, SessionClock

if TYPE_CHECKING:
    from typing_extensions import Self

MOST_WAITING = 1000  # over 30 seconds of a camera; then the oldest are given up
_DRAIN_S = 1.0  # for what still waits when the session ends
_JOIN_S = 1.0


class NotSent(Exception):
    """One message did not get away; the text says why."""


class Sender(ABC):
    """Sends what is put in to one receiver; a context manager around its thread.

    Parameters
    ----------
    address
        As the user gave it.
    clock
        The session's.

    Attributes
    ----------
    sent, unsent
        How many messages got away, and how many did not.
    """

    def __init__(self, address: str, clock: SessionClock) -> None:
        self.address, self.clock = address, clock
        self.sent = self.unsent = 0
        self._waiting: deque[Event] = deque()
        self._changed = threading.Condition()
        self._is_ending = False
        self._is_busy = False
        self._fault = ""
        self._fault_began = 0
        self._news: deque[str] = deque()
        self._thread = threading.Thread(target=self._run, name=f"send {address}", daemon=True)

    def __enter__(self) -> Self:
        self.connect()
        self._thread.start()
        return self

    def put(self, event: Event) -> None:
        """Send this when its turn comes; returns at once."""
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self._missed("the receiver is too slow")
            self._waiting.append(event)
            self._changed.notify()

    def check(self) -> None:  # noqa: B027 -- most may come back
        """Raise BrokenPipeError when nobody will ever receive anything here again."""

    def take_news(self) -> list[str]:
        """What the user should know, since the last call."""
        news = []
        while self._news:
            news.append(self._news.popleft())
        return news

    @property
    def summary(self) -> str:
        """One line for the session's end."""
        lost = f", {self.unsent} could not be sent" if self.unsent else ""
        return f"{self.address}: {self.sent} messages sent{lost}"

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._is_busy, _DRAIN_S)
            self._is_ending = True
            self.unsent += len(self._waiting)
            self._waiting.clear()
            self._changed.notify()
        self._thread.join(_JOIN_S)
        self.disconnect()  # what still hangs in a call ends with it
        self._thread.join(_JOIN_S)
        self.unsent += self._is_busy

    def connect(self) -> None:  # noqa: B027 -- some need none
        """Get ready to send; a receiver that is not there yet is no error.

        Raises
        ------
        SetupError
            When this computer lacks something for it.
        """

    @abstractmethod
    def send(self, event: Event) -> None:
        """Send one message and wait until it is away.

        Raises
        ------
        NotSent, OSError
            When it did not get away.
        """

    def disconnect(self) -> None:  # noqa: B027
        """Give the connection free; a call of `send` that hangs ends with it."""

    @property
    def is_ending(self) -> bool:
        """Whether the session is over, and nobody should wait any longer."""
        return self._is_ending

    def _run(self) -> None:
        while (event := self._next()) is not None:
            try:
                self.send(event)
                reason = ""
            except Exception as error:  # noqa: BLE001 -- counted, and told to the user
                reason = reason_of(error)
            with self._changed:
                if reason:
                    self._missed(reason)
                else:
                    self._got_away()
                self._is_busy = False
                self._changed.notify()

    def _next(self) -> Event | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_ending)
            if self._is_ending:
                return None
            self._is_busy = True
            return self._waiting.popleft()

    def _missed(self, reason: str) -> None:
        self.unsent += 1
        if not self._fault:
            self._fault, self._fault_began = reason, self.unsent
            self._news.append(f"{self.address} gets nothing: {reason}; trying again")

    def _got_away(self) -> None:
        self.sent += 1
        # Not before all that waited is away: a receiver that is always too slow stays too slow.
        if self._fault and not self._waiting:
            missed = self.unsent - self._fault_began + 1
            self._fault = ""
            self._news.append(f"{self.address} gets readings again; {missed} were not sent")
