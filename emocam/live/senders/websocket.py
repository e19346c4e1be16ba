"""WebSocket, for pages and programs on this computer: JSON from the server of the live page."""

from __future__ import annotations

import itertools
from collections import deque

from websockets.sync.server import ServerConnection

from emocam.live.local_server import LocalServer
from emocam.live.senders.messages import Event, SessionClock, json_line
from emocam.live.senders.sender import MOST_WAITING, Sender

STREAM = "readings"
_POLL_S = 0.25  # how often a client's thread that waits checks whether the session has ended


class WebSocketSender(Sender):
    """Serves each message to all who listen, from when they come.

    A client that takes nothing for a while is sent what it missed, up to `MOST_WAITING` messages.

    Parameters
    ----------
    address, clock
        As for `Sender`.
    server
        What serves the stream.
    """

    def __init__(self, address: str, clock: SessionClock, server: LocalServer) -> None:
        super().__init__(address, clock)
        self._server = server
        self._kept: deque[tuple[int, str]] = deque(maxlen=MOST_WAITING)
        self._numbers = itertools.count(1)
        self._last = self._delivered = self._lost = self._listeners = 0
        server.add_stream(STREAM, self._serve)

    def connect(self) -> None:
        """Begin to serve.

        Raises
        ------
        SetupError
            When the port is taken.
        """
        self._server.__enter__()
        self._news.append(f"readings are at {self._server.stream_url(STREAM)}")

    def send(self, event: Event) -> None:
        text = json_line(event, self.clock)
        with self._server.changed:
            self._last = next(self._numbers)
            self._kept.append((self._last, text))
            self._server.changed.notify_all()

    def disconnect(self) -> None:
        self._server.__exit__()

    @property
    def summary(self) -> str:
        lost = f", {self._lost} could not be sent" if self._lost else ""
        return (
            f"{self.address}: {self._delivered} messages sent to {self._listeners} listeners{lost}"
        )

    def _serve(self, connection: ServerConnection) -> None:
        with self._server.changed:
            self._listeners += 1
            seen = self._last
        try:
            while (found := self._wait_newer(seen)) is not None:
                for number, text in found:
                    connection.send(text)
                    self._count(number - seen)
                    seen = number
            connection.close(1001)
        finally:
            if self._server.is_ended:  # who left before has missed nothing
                with self._server.changed:
                    self._lost += self._last - seen

    def _count(self, step: int) -> None:
        with self._server.changed:
            self._delivered += 1
            self._lost += step - 1

    def _wait_newer(self, seen: int) -> list[tuple[int, str]] | None:
        changed = self._server.changed
        with changed:
            changed.wait_for(lambda: self._last > seen or self._server.is_ended, _POLL_S)
            newer = [one for one in self._kept if one[0] > seen]
            return None if self._server.is_ended and not newer else newer
