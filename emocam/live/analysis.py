"""What is read in a live picture: faces followed, readings smoothed, relative to a profile."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from emocam.detection.detector import FaceDetector
from emocam.recognition.labels import UNSURE
from emocam.recognition.profile import NeutralProfile
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.recognition.temporal import EmotionSmoother
from emocam.tracking.tracker import FaceTracker, overlap
from emocam.types import Box, Face, FloatArray, Frame, Reading

_SAME_FACE = 0.2  # boxes that overlap more show one face
_SURER = 0.15  # what was unsure must clear the threshold by this share of the way to be said
# An expression counts from a second on, and so does doubt; smoothing trails by half a second.
_UNSURE_AFTER_S = 1.5
_FORGET_S = 5.0


@dataclass(frozen=True)
class Analysis:
    """What one frame gave.

    Attributes
    ----------
    frame
        Number of the frame.
    time_s
        When it was taken, in seconds of the session.
    readings
        One a face, as shown.
    raw
        Emotion of each face before smoothing, in the same order.
    probabilities
        Of each face as the model gave them, before profile and smoothing.
    """

    frame: int
    time_s: float
    readings: tuple[Reading, ...]
    raw: tuple[str, ...]
    probabilities: tuple[FloatArray, ...]

    @property
    def largest(self) -> int | None:
        """Position of the largest face; None without a face."""
        if not self.readings:
            return None
        widths = [reading.face.size_wh[0] for reading in self.readings]
        return widths.index(max(widths))


class FrameReader:
    """Reads the frames of one live source, in order.

    `read` belongs to one thread; `shown` may be asked by another.

    Parameters
    ----------
    recognizer
        What reads a face.
    raw
        Shows each reading as it is, without smoothing.
    keep_all
        Keeps what the check for faces turns down.
    """

    def __init__(
        self, recognizer: EmotionRecognizer, *, raw: bool = False, keep_all: bool = False
    ) -> None:
        self.recognizer = recognizer
        self.raw = raw
        self.turned_down: Counter[str] = Counter()
        self.profile: NeutralProfile | None = None
        self._profile_face: int | None = None
        self._detector = FaceDetector(keep_all=keep_all)
        self._tracker = FaceTracker()
        self._smoother = EmotionSmoother()
        self._last: dict[int, tuple[Reading, float]] = {}
        self._unsure_since_s: dict[int, float] = {}
        self._lock = threading.Lock()

    @property
    def alone(self) -> bool:
        """Whether no face is known just now."""
        return not self._tracker.boxes

    def use_profile(self, profile: NeutralProfile, face: int | None = None) -> None:
        """Read a face relative to a profile from now on; the largest while it isn't there."""
        with self._lock:
            self.profile, self._profile_face = profile, face

    def read(self, frame: Frame, newcomers: Sequence[Box] = ()) -> Analysis:
        """Look for the known faces, and for new ones at places that a full search found.

        Parameters
        ----------
        frame
            With its time.
        newcomers
            Boxes of a full search, of this or of a slightly older frame.
        """
        time_s = frame.time_s or 0.0
        places = list(self._tracker.boxes)
        places += [new for new in newcomers if all(overlap(new, p) < _SAME_FACE for p in places)]
        found = self._detector.search_near(frame.image_bgr, places) if places else []
        self.turned_down.update(one.reason for one in self._detector.rejected if places)
        with self._lock:
            faces = self._tracker.update(found, time_s, frame.image_bgr)
        if not faces:
            return Analysis(frame.index, time_s, (), (), ())
        prediction = self.recognizer.predict(frame.image_bgr, faces)
        seen = [
            self.recognizer.reading(face, row, int(cluster))
            for face, row, cluster in zip(
                faces, prediction.probabilities, prediction.clusters, strict=True
            )
        ]
        readings = self._readings(seen, prediction.probabilities, time_s)
        with self._lock:
            self._last.update({one.face.id: (one, time_s) for one in readings})
            old = [key for key, (_, at_s) in self._last.items() if time_s - at_s > _FORGET_S]
            for key in old:
                del self._last[key]
                self._unsure_since_s.pop(key, None)
        self._smoother.forget_before(time_s - _FORGET_S)
        raw = tuple(reading.emotion for reading in seen)
        return Analysis(frame.index, time_s, tuple(readings), raw, tuple(prediction.probabilities))

    def shown(self, time_s: float) -> list[tuple[Reading, float]]:
        """Last readings with their faces moved along to a time, and how strongly to draw each."""
        with self._lock:
            faces = self._tracker.at(time_s)
            known = {key: reading for key, (reading, _) in self._last.items()}
        return [
            (replace(known[one.face.id], face=one.face), one.fade)
            for one in faces
            if one.face.id in known
        ]

    def _readings(
        self, seen: Sequence[Reading], probabilities: FloatArray, time_s: float
    ) -> list[Reading]:
        owner = self._owner([reading.face for reading in seen])
        readings = []
        for reading, row in zip(seen, probabilities, strict=True):
            if self.profile is not None and reading.face.id == owner:
                row = self.profile.apply(row)
                reading = self.recognizer.reading(reading.face, row, reading.cluster)
            readings.append(reading if self.raw else self._smooth(reading, row, time_s))
        return readings

    def _owner(self, faces: Sequence[Face]) -> int | None:
        """Whose profile it is: the face it was made of, or the largest while that is not here."""
        with self._lock:
            profile, face = self.profile, self._profile_face
        if profile is None or any(one.id == face for one in faces):
            return face
        return max(faces, key=lambda one: one.size_wh[0]).id

    def _smooth(self, reading: Reading, row: FloatArray, time_s: float) -> Reading:
        smoothed = self._smoother.update(reading.face.id, [float(p) for p in row], time_s)
        shares = np.asarray(smoothed.probabilities, dtype=np.float32)
        shown = self.recognizer.reading(reading.face, shares, reading.cluster, smoothed.best)
        threshold = self.recognizer.certainty
        before = self._last.get(reading.face.id)
        said = UNSURE if before is None else before[0].emotion
        if before is not None and said == UNSURE:
            # What was unsure must clear the threshold, or the label would flicker around it.
            threshold += _SURER * min(threshold, 1 - threshold)
        if shown.certainty >= threshold:
            self._unsure_since_s.pop(reading.face.id, None)
            return shown
        since_s = self._unsure_since_s.setdefault(reading.face.id, time_s)
        lasts = time_s - since_s >= _UNSURE_AFTER_S and reading.emotion == UNSURE
        if said == UNSURE or lasts:
            return replace(shown, emotion=UNSURE)
        kept = self.recognizer.labels.index(said)
        still = self.recognizer.reading(reading.face, shares, reading.cluster, kept)
        return replace(still, emotion=said, held=True)
