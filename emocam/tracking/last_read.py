"""What each face of a live source was last read as, for frames in which it need not be read anew.

A face that hardly changed keeps its reading, as in clips. One that changed a little is read again a
tenth of a second later: smoothing takes half a second, so nobody sees what is between. One that
changed visibly is read at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emocam.recognition.prediction import Prediction
from emocam.tracking.unchanged import coarse, is_alike
from emocam.types import Face, FloatArray, ImageU8

READ_EVERY_S = 0.1
_EARLY_S = 0.001  # tolerance, since frame times are not exact
_LITTLE = 0.3  # share of the contrast: a blink or a word changes a face by more


@dataclass(frozen=True, eq=False)
class _Read:
    small: FloatArray  # the crop that was read, coarsely
    answer: Prediction  # of this face alone
    time_s: float


class LastRead:
    """Keeps the answers for the faces of one source.

    Parameters
    ----------
    soon
        Whether a face that changed a little may wait for `READ_EVERY_S`. Without, only faces that
        hardly changed keep their readings.
    """

    def __init__(self, *, soon: bool) -> None:
        self._soon = soon
        self._faces: dict[int, _Read] = {}

    def keeps(self, face: Face, crop: ImageU8, time_s: float) -> bool:
        """Whether a face of the next frame, with this crop, need not be read."""
        before = self._faces.get(face.id)
        if before is None or not time_s >= before.time_s:
            return False
        small = coarse(crop)
        if is_alike(small, before.small):
            return True
        just_read = time_s - before.time_s < READ_EVERY_S - _EARLY_S
        return self._soon and just_read and is_alike(small, before.small, _LITTLE)

    def remember(
        self, faces: Sequence[Face], crops: Sequence[ImageU8], answers: Prediction, time_s: float
    ) -> None:
        """Take in the answers for faces that were read."""
        for row, (face, crop) in enumerate(zip(faces, crops, strict=True)):
            self._faces[face.id] = _Read(coarse(crop), answers.part(row, row + 1), time_s)

    def answers(self, faces: Sequence[Face]) -> Prediction:
        """The last answers for one or more faces, in their order."""
        return Prediction.joined([self._faces[face.id].answer for face in faces])

    def forget_all_but(self, faces: Sequence[Face]) -> None:
        """Drop those that are not among the tracked faces of a frame."""
        ids = {face.id for face in faces}
        self._faces = {key: one for key, one in self._faces.items() if key in ids}
