"""Three seconds of a neutral face, collected while the session goes on."""

from __future__ import annotations

import math

import numpy as np

from emocam.readings import FrameReadings
from emocam.types import FloatArray

_NEEDED_S = 3.0
_PATIENCE_S = 6.0  # timeout, for a face that is lost meanwhile


class Calibration:
    """Collects the readings of the largest face.

    Parameters
    ----------
    start_s
        When the user asked for it, in seconds of the session.

    Attributes
    ----------
    face
        Number of the face it follows; None before one was seen.
    probabilities
        The model's answers for this face, unsmoothed.
    """

    def __init__(self, start_s: float) -> None:
        self.start_s = start_s
        self.face: int | None = None
        self.probabilities: list[FloatArray] = []
        self._first_s = math.inf

    def add(self, readings: FrameReadings) -> None:
        """Take in a frame's readings."""
        time_s, largest = readings.time_s or 0.0, readings.largest
        if time_s < self.start_s or largest is None:
            return
        if self.face is None:
            self.face = largest.face.id
            self._first_s = time_s
        for one in readings.raw:
            if one.face.id == self.face:
                self.probabilities.append(np.array(one.probabilities, np.float32))

    def is_done(self, now_s: float) -> bool:
        """Whether the time is over."""
        return now_s - self._first_s >= _NEEDED_S or now_s - self.start_s >= _PATIENCE_S

    def notice(self, now_s: float) -> str:
        """What to tell the user meanwhile."""
        left_s = _NEEDED_S if self.face is None else self._first_s + _NEEDED_S - now_s
        return f"look neutral: {max(1, math.ceil(left_s))} s"
