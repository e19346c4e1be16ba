"""Readings of a recorded clip, sent on at the pace at which the clip plays."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from emocam.live.senders.addresses import Receiver, make_sender
from emocam.live.senders.messages import SessionClock
from emocam.readings import FrameReadings

if TYPE_CHECKING:
    from typing_extensions import Self

# From when the receivers can connect to the clip's first reading, which takes time itself: the
# labels of a frame are smoothed with those that come after it.
HEADSTART_S = 3.0
_LATE_S = 0.25  # delay that is worth telling


class ClipSenders:
    """Sends each reading when its frame would be shown; a context manager around the senders.

    Parameters
    ----------
    receivers
        What was asked for.
    labels
        The model's labels.
    clip
        The clip's file, which the messages name.
    start_s
        Where in the clip its part begins, in seconds.
    stop
        When it is set nothing is waited for any more.
    tell
        Called with what the user should know.

    Attributes
    ----------
    late_s
        By how much the latest reading came too late, in seconds.
    """

    def __init__(
        self,
        receivers: Sequence[Receiver],
        labels: Sequence[str],
        clip: Path,
        start_s: float,
        stop: threading.Event,
        tell: Callable[[str], None],
    ) -> None:
        self.late_s = 0.0
        self._clock = SessionClock.at(start_s - HEADSTART_S)
        self._senders = [make_sender(one, self._clock, labels, str(clip)) for one in receivers]
        self._stop, self._tell = stop, tell
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            for sender in self._senders:
                opening.enter_context(sender)
            self._open = opening.pop_all()
        self._tell_news()
        return self

    def send(self, readings: FrameReadings) -> None:
        """Wait for the frame's moment, then send its readings."""
        due_s = self._clock.monotonic_s(readings.time_s or 0.0)
        self._stop.wait(max(0.0, due_s - time.monotonic()))
        if self._stop.is_set():
            return
        self.late_s = max(self.late_s, time.monotonic() - due_s)
        for sender in self._senders:
            sender.put(readings)
        self._tell_news()

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._tell_news()
        for sender in self._senders:
            self._tell(sender.summary)
        if self.late_s > _LATE_S:
            self._tell(
                f"readings came up to {self.late_s:.1f} s late: this computer reads the clip more "
                "slowly than it plays; --every 0.1 or a table alone takes less"
            )

    def _tell_news(self) -> None:
        for sender in self._senders:
            for news in sender.take_news():
                self._tell(news)
