"""One JSON object a datagram."""

from __future__ import annotations

import os
import socket
from typing import Any

from emocam.errors import SetupError
from emocam.live.senders.messages import Event, SessionClock, json_line
from emocam.live.senders.sender import NotSent, Sender


class DatagramSender(Sender):
    """Sends each message as a UDP datagram of JSON; one that is too large for UDP is not sent.

    Parameters
    ----------
    address, clock
        As for `Sender`.
    host, port
        Of the receiver.
    """

    def __init__(self, address: str, clock: SessionClock, host: str, port: int) -> None:
        super().__init__(address, clock)
        self._place = host, port
        self._socket: socket.socket | None = None

    def connect(self) -> None:
        """Find the receiver's computer.

        Raises
        ------
        SetupError
            When its name is not known.
        """
        try:
            found = socket.getaddrinfo(*self._place, type=socket.SOCK_DGRAM)
            family, kind, protocol, _, where = found[0]
            self._socket = socket.socket(family, kind, protocol)
            self._socket.connect(where)
        except OSError as error:
            raise SetupError(f"can't send to {self.address}: {error.strerror or error}") from error

    def send(self, event: Event) -> None:
        """Send it; where the receiver's computer says that nobody listens, it was not sent."""
        if self._socket is None:
            raise NotSent("the session is over")
        self._socket.send(self.encode(event))
        # On this computer the refusal is there at once. Left alone, the next message gets it.
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise NotSent(os.strerror(error))

    def encode(self, event: Event) -> Any:
        """The datagram's bytes."""
        return json_line(event, self.clock).encode()

    def disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
