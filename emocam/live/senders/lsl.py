"""Lab Streaming Layer: readings beside EEG, eye trackers and what else LabRecorder records.

https://labstreaminglayer.readthedocs.io: each stream has named channels with units; each sample
has the time when the frame was taken, on the clock that LSL keeps in step between computers.
"""

from __future__ import annotations

import math
import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pylsl

from emocam.live.senders.messages import Event, Mark, SessionClock
from emocam.live.senders.sender import Sender
from emocam.readings import FrameReadings
from emocam.types import Reading

_LARGEST = "largest"
_MOST_FACES = 16  # streams; whoever was seen longest ago makes room
_QUIET = "[log]\nlevel = -2\n"  # errors alone
_OWN_CHANNELS = (("certainty", "probability"), ("face", "number"))


class LslSender(Sender):
    """A stream for the largest face, one for each face, and one of marks.

    The stream of the largest face is there from the beginning, so that recorders find it before
    a face is seen; without a face its samples are NaN.

    Parameters
    ----------
    address, clock
        As for `Sender`.
    labels
        The model's labels, which are the first channels.
    source
        Address of the camera, by which recorders know a stream again after a break.
    """

    def __init__(
        self, address: str, clock: SessionClock, labels: Sequence[str], source: str
    ) -> None:
        super().__init__(address, clock)
        self._labels, self._source = tuple(labels), source
        self._streams: dict[str, tuple[pylsl.StreamOutlet, float]] = {}
        self._marks: pylsl.StreamOutlet | None = None
        self._offset_s = 0.0

    def connect(self) -> None:
        """Offer the streams that are always there."""
        if not _has_own_settings():
            pylsl.set_config_content(_QUIET)
        self._offset_s = pylsl.local_clock() - time.monotonic()
        info = pylsl.StreamInfo(
            "emocam marks", "Markers", 1, pylsl.IRREGULAR_RATE, pylsl.cf_string,
            self._source_id("marks"),
        )  # fmt: skip
        self._marks = pylsl.StreamOutlet(info)
        self._stream(_LARGEST, 0.0)

    def send(self, event: Event) -> None:
        if isinstance(event, Mark):
            if self._marks is not None:
                self._marks.push_sample([event.name], self._lsl_s(event.time_s))
        elif isinstance(event, FrameReadings):
            time_s = event.time_s or 0.0
            self._push(_LARGEST, event.largest, time_s)
            for one in event:
                self._push(str(one.face.id), one, time_s)

    def disconnect(self) -> None:
        self._streams.clear()
        self._marks = None

    def _push(self, name: str, one: Reading | None, time_s: float) -> None:
        if one is None:
            values = [math.nan] * (len(self._labels) + len(_OWN_CHANNELS))
        else:
            values = [*one.probabilities, one.certainty, float(one.face.id)]
        self._stream(name, time_s).push_sample(np.array(values, np.float32), self._lsl_s(time_s))

    def _lsl_s(self, time_s: float) -> float:
        return self.clock.monotonic_s(time_s) + self._offset_s

    def _stream(self, name: str, time_s: float) -> pylsl.StreamOutlet:
        if name not in self._streams:
            self._make_room()
            self._streams[name] = self._open(name), time_s
        outlet, _ = self._streams[name]
        self._streams[name] = outlet, time_s
        return outlet

    def _make_room(self) -> None:
        faces = [name for name in self._streams if name != _LARGEST]
        if len(faces) >= _MOST_FACES:
            del self._streams[min(faces, key=lambda name: self._streams[name][1])]

    def _open(self, name: str) -> pylsl.StreamOutlet:
        channels = [*((label, "probability") for label in self._labels), *_OWN_CHANNELS]
        title = "emocam largest face" if name == _LARGEST else f"emocam face {name}"
        info = pylsl.StreamInfo(
            title, "Expression", len(channels), pylsl.IRREGULAR_RATE, pylsl.cf_float32,
            self._source_id(name),
        )  # fmt: skip
        info.set_channel_labels([label for label, _ in channels])
        info.set_channel_units([unit for _, unit in channels])
        info.set_channel_types(["Expression"] * len(channels))
        about = info.desc().append_child("acquisition")
        about.append_child_value("software", "emocam")
        about.append_child_value("source", self._source)
        return pylsl.StreamOutlet(info)

    def _source_id(self, name: str) -> str:
        return f"emocam-{socket.gethostname()}-{self._source}-{name}"


def _has_own_settings() -> bool:
    """Whether the user has told LSL anything, which must not be overruled."""
    places = (Path(), Path.home() / "lsl_api", Path("/etc/lsl_api"))
    return bool(os.environ.get("LSLAPICFG")) or any(
        (place / "lsl_api.cfg").exists() for place in places
    )
