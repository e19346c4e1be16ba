"""One JSON object a line to standard output, for a pipe."""

from __future__ import annotations

import os
import sys

from emocam.live.senders.messages import Event, SessionClock, json_line
from emocam.live.senders.sender import Sender


class LineSender(Sender):
    """Writes each message as a line of JSON.

    Parameters
    ----------
    address, clock
        As for `Sender`.
    descriptor
        Number of the open file that is written to; standard output when None.
    """

    def __init__(self, address: str, clock: SessionClock, descriptor: int | None = None) -> None:
        super().__init__(address, clock)
        self._descriptor = descriptor
        self._has_left = False

    def connect(self) -> None:
        """Write out what was printed before, so that no line stands in another."""
        if self._descriptor is None:
            sys.stdout.flush()
            self._descriptor = sys.stdout.fileno()

    def send(self, event: Event) -> None:
        # Past Python's own file: its lock, held by a write that hangs, would hang the exit too.
        assert self._descriptor is not None
        rest = memoryview(json_line(event, self.clock).encode() + b"\n")
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except BrokenPipeError:
            self._has_left = True
            raise

    def check(self) -> None:
        """Raise BrokenPipeError when the reader has left, who does not come back to a pipe."""
        if self._has_left:
            raise BrokenPipeError
