"""Where a face went since it was last found: template matching, in a fraction of a search.

A search near a face tells how probably it is one, and how it is turned. That hardly changes from
one frame to the next; where it is does. So between two searches the picture of the face is looked
for around its last place, by normalised cross-correlation (Lewis, "Fast normalized
cross-correlation", 1995), and counts as found only where it looks nearly the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from emocam.detection.crop import cut_square
from emocam.types import Box, Face, FloatArray, ImageU8

_PIXELS = 32  # side of the face as it is looked for
_REACH = 6  # of those pixels around it: a fifth of a face, more than it moves in 0.1 s
_ALIKE = 0.9  # correlation; of other faces and of a face that turned it is lower


@dataclass(frozen=True, eq=False)
class Template:
    """A face where it was found, and its picture.

    Attributes
    ----------
    face
        As the search found it.
    picture
        Shape (32, 32), uint8.
    box
        Where it was last.
    """

    face: Face
    picture: ImageU8
    box: Box

    @classmethod
    def of(cls, frame_bgr: ImageU8, face: Face) -> Template:
        """Of a face in the frame in which it was found."""
        around = _surroundings(frame_bgr, face.xyxy)
        inner = slice(_REACH, _REACH + _PIXELS)
        return cls(face, np.ascontiguousarray(around[inner, inner]), face.xyxy)

    def found_in(self, frame_bgr: ImageU8) -> Template | None:
        """The same face in the next frame; None where nothing near its place looks the same."""
        around = _surroundings(frame_bgr, self.box)
        fit = np.asarray(cv2.matchTemplate(around, self.picture, cv2.TM_CCOEFF_NORMED), np.float32)
        _, best, _, (column, row) = cv2.minMaxLoc(fit)
        at_edge = not (0 < column < 2 * _REACH and 0 < row < 2 * _REACH)
        if at_edge or not best >= _ALIKE:
            return None
        unit = _side(self.box) / _PIXELS
        right = unit * (column - _REACH + _peak(fit[row, column - 1 : column + 2]))
        down = unit * (row - _REACH + _peak(fit[row - 1 : row + 2, column]))
        return replace(self, box=_moved(self.box, right, down, frame_bgr))

    @property
    def moved_face(self) -> Face:
        """The face as it was found, where it is now."""
        return replace(self.face, xyxy=self.box)


def _surroundings(frame_bgr: ImageU8, box: Box) -> ImageU8:
    """Grey pixels of a box and around it, shape (44, 44)."""
    side = _side(box)
    margin = _REACH * side / _PIXELS
    left = round((box[0] + box[2] - side) / 2 - margin)
    top = round((box[1] + box[3] - side) / 2 - margin)
    part = cut_square(frame_bgr, left, top, round(side + 2 * margin))
    step = max(1, len(part) // (4 * _PIXELS))  # of large faces fewer pixels are enough
    gray = cv2.cvtColor(part[::step, ::step], cv2.COLOR_BGR2GRAY)
    pixels = _PIXELS + 2 * _REACH
    return np.asarray(cv2.resize(gray, (pixels, pixels), interpolation=cv2.INTER_AREA), np.uint8)


def _side(box: Box) -> int:
    return max(box[2] - box[0], box[3] - box[1])


def _peak(three: FloatArray) -> float:
    """Where the parabola through three values has its top, from the middle one, -0.5 to 0.5."""
    before, middle, after = (float(one) for one in three.ravel())
    bend = before - 2 * middle + after
    return 0.0 if bend >= 0 else float(np.clip((before - after) / (2 * bend), -0.5, 0.5))


def _moved(box: Box, right: float, down: float, frame_bgr: ImageU8) -> Box:
    """A box as far as it stays in the frame."""
    height, width = frame_bgr.shape[:2]
    x = int(np.clip(round(right), -box[0], width - box[2]))
    y = int(np.clip(round(down), -box[1], height - box[3]))
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y
