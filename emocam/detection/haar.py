"""A second opinion by OpenCV's Haar cascades (Viola and Jones, CVPR 2001)."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from emocam.detection.oriented_boxes import upright
from emocam.errors import SetupError
from emocam.types import FloatArray, ImageU8

_NAMES = ("haarcascade_frontalface_alt2.xml", "haarcascade_frontalface_default.xml")
_SHARE = 1.25  # of the frame's side: the cascades know faces with some of their surroundings
_PIXELS = 45
_FACE_PIXELS = (28, 45)
_STEP = 1.1  # times larger windows
_OFF_CENTER = 5
_MOST_EVIDENCE = 8.0  # log-odds: gradients alone, without any vote, don't make a face
_UNSURE = (-3.0, 4.0)  # log-odds with the votes of one look: more looks decide
# Growth, turn in degrees, shift right and down in shares of the side: what is a face in one crop
# alone isn't one, and no rounding of a pixel decides.
_LOOKS = np.array(
    [
        (1, 0, 0, 0),
        (0.93, 4, 0, 0),
        (1.07, -4, 0, 0),
        (1, 0, 0.04, 0.03),
        (1, 0, -0.04, -0.03),
    ],
    dtype=np.float32,
)


class HaarVote:
    """How many windows around an upright candidate the frontal cascades take for a face.

    Run on a crop of 45×45 pixels that is upright and framed already, they are cheap, see tilted
    faces too, and hardly ever agree with each other and the gradients on what is none. Where
    one crop leaves it open, the votes are averaged over five that differ a little.

    Parameters
    ----------
    weights, bias
        Shapes (5,) and (): of what `ballots` gives in the log-odds with the votes.
    """

    def __init__(self, weights: FloatArray, bias: float) -> None:
        self.weights = weights
        self.bias = bias
        self._cascades = [load_cascade(name) for name in _NAMES]

    def log_odds(self, halves: list[ImageU8], judged: FloatArray) -> FloatArray:
        """Log-odds of a face with the votes, shape (candidates,).

        Parameters
        ----------
        halves
            The grey picture and its halvings, see `frames.halvings`.
        judged
            Shape (candidates, 5): centre x, centre y, side, tilt, log-odds so far.
        """
        first = self._votes(halves, judged, _LOOKS[:1])
        odds = _ballots(judged, first) @ self.weights + self.bias
        unsure = (odds > _UNSURE[0]) & (odds < _UNSURE[1])
        more = self._votes(halves, judged[unsure], _LOOKS[1:])
        votes = np.concatenate([first[unsure], more], axis=1)
        odds[unsure] = _ballots(judged[unsure], votes) @ self.weights + self.bias
        return np.asarray(odds, dtype=np.float32)

    def ballots(self, halves: list[ImageU8], judged: FloatArray) -> FloatArray:
        """What is known of each candidate after all looks, shape (candidates, 5).

        That is the log-odds so far, then log(1 + windows) of each cascade and whether it has any,
        on the average of the looks.
        """
        return _ballots(judged, self._votes(halves, judged, _LOOKS))

    def _votes(self, halves: list[ImageU8], judged: FloatArray, looks: FloatArray) -> FloatArray:
        """What each cascade says in each look, shape (candidates, looks, 4)."""
        counts = [[self._windows(halves, one) for one in _moved(row, looks)] for row in judged]
        windows = np.array(counts, np.float32).reshape(-1, len(looks), len(_NAMES))
        return np.concatenate([np.log1p(windows), windows > 0], axis=2)

    def _windows(self, halves: list[ImageU8], frame: FloatArray) -> list[int]:
        crop = upright(halves, frame, _SHARE, _PIXELS)
        least, most = _FACE_PIXELS
        counts = []
        for cascade in self._cascades:
            found = cascade.detectMultiScale(
                crop, _STEP, 0, minSize=(least, least), maxSize=(most, most)
            )
            boxes = np.asarray(found).reshape(-1, 4)
            off = np.abs(boxes[:, :2] + boxes[:, 2:] / 2 - _PIXELS / 2).max(axis=1, initial=0)
            counts.append(int((off < _OFF_CENTER).sum()))
        return counts


def _ballots(judged: FloatArray, votes: FloatArray) -> FloatArray:
    return np.column_stack([np.minimum(judged[:, 4], _MOST_EVIDENCE), votes.mean(axis=1)])


def _moved(row: FloatArray, looks: FloatArray) -> FloatArray:
    """The candidate, a little grown, turned and moved, shape (looks, 5)."""
    rows = np.repeat(row[None], len(looks), axis=0)
    rows[:, :2] += looks[:, 2:] * row[2]
    rows[:, 2] *= looks[:, 0]
    rows[:, 3] += looks[:, 1]
    return rows


def load_cascade(name: str) -> cv2.CascadeClassifier:
    """Load one of the cascades that OpenCV's package carries.

    The XML goes in as text, since OpenCV can't open it below a folder with non-ASCII letters
    on every system.

    Raises
    ------
    SetupError
        When the installed OpenCV carries no cascades (5.x does not).
    """
    mend = 'pip install --force-reinstall "opencv-contrib-python>=4.10,<5"'
    path = Path(cv2.__file__).parent / "data" / name
    if not hasattr(cv2, "CascadeClassifier") or not path.is_file():
        raise SetupError(f"OpenCV {cv2.__version__} has no Haar cascade '{name}'; run: {mend}")
    storage = cv2.FileStorage(path.read_text(), cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
    cascade = cv2.CascadeClassifier()
    if not cascade.read(storage.getFirstTopLevelNode()):
        raise SetupError(f"OpenCV {cv2.__version__} can't read its cascade '{name}'; run: {mend}")
    return cascade
