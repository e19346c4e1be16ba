"""Causal smoothing of readings, and hysteresis between a label and `unsure`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emocam.recognition.labels import UNSURE
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.recognition.temporal import EmotionSmoother
from emocam.types import FloatArray, Reading

_SURER = 0.15  # margin over the threshold, as a share of what is left to 1, that ends `unsure`
# Expressions and doubts shorter than a second do not count; smoothing adds half a second.
_UNSURE_AFTER_S = 1.5
FORGET_S = 5.0  # a face that is gone for longer is forgotten


class CausalSmoother:
    """Smooths the readings of each face online.

    Parameters
    ----------
    recognizer
        Gives the labels and the threshold of certainty.
    """

    def __init__(self, recognizer: EmotionRecognizer) -> None:
        self._recognizer = recognizer
        self._smoother = EmotionSmoother()
        self._labels: dict[int, tuple[str, float]] = {}  # of each face, and when it was read
        self._unsure_since_s: dict[int, float] = {}

    def update(self, reading: Reading, row: FloatArray, time_s: float) -> Reading:
        """What to show of a face.

        Parameters
        ----------
        reading
            As the model gave it, for this person.
        row
            Its probabilities, shape (labels,).
        time_s
            Time of the frame in seconds.
        """
        face_id = reading.face.id
        smoothed = self._smoother.update(face_id, [float(p) for p in row], time_s)
        shares = np.asarray(smoothed.probabilities, dtype=np.float32)
        candidate = self._recognizer.reading(reading.face, shares, reading.cluster, smoothed.best)
        candidate = self._held(candidate, reading, shares, time_s)
        self._labels[face_id] = candidate.emotion, time_s
        return candidate

    def forget_before(self, time_s: float) -> None:
        """Drop faces that were last read well before this time, in seconds."""
        self._smoother.forget_before(time_s - FORGET_S)
        for key in [key for key, (_, at_s) in self._labels.items() if time_s - at_s > FORGET_S]:
            del self._labels[key]
            self._unsure_since_s.pop(key, None)

    def _held(
        self, candidate: Reading, reading: Reading, shares: FloatArray, time_s: float
    ) -> Reading:
        face_id, threshold = reading.face.id, self._recognizer.certainty
        before = self._labels.get(face_id)
        label = UNSURE if before is None else before[0]
        if before is not None and label == UNSURE:
            # Without a margin the label would flicker around the threshold.
            threshold += _SURER * min(threshold, 1 - threshold)
        if candidate.certainty >= threshold:
            self._unsure_since_s.pop(face_id, None)
            return candidate
        since_s = self._unsure_since_s.setdefault(face_id, time_s)
        lasts = time_s - since_s >= _UNSURE_AFTER_S and reading.emotion == UNSURE
        if label == UNSURE or lasts:
            return replace(candidate, emotion=UNSURE)
        kept = self._recognizer.labels.index(label)
        still = self._recognizer.reading(reading.face, shares, reading.cluster, kept)
        return replace(still, emotion=label, held=True)
