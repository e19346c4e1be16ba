"""Where a face goes in the learnt space when only its box moves: not a matter of expression.

The detector's box is a pixel or two off in each picture, and that moves a face as far as half an
expression does. The directions in which it moves are found by moving the box of an example, and
distances between a person's faces leave them out (tangent distance: Simard, LeCun and Denker,
"Efficient pattern recognition using a new transformation distance", NIPS 1992). They are much alike
for all faces of a person, so the mean over the examples will do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np

from emocam.recognition.words_model import WordsModel
from emocam.types import FloatArray, ImageU8

_SHIFT = 0.025  # of the face's side: 1.2 of 48 pixels
_ZOOM = 1.05
_TURN_DEGREES = 3.0
_MOVES = (  # right, down, zoom, turn: one way and the other
    ((_SHIFT, 0, 1, 0), (-_SHIFT, 0, 1, 0)),
    ((0, _SHIFT, 1, 0), (0, -_SHIFT, 1, 0)),
    ((0, 0, _ZOOM, 0), (0, 0, 1 / _ZOOM, 0)),
    ((0, 0, 1, _TURN_DEGREES), (0, 0, 1, -_TURN_DEGREES)),
)
DIRECTIONS = len(_MOVES)


@dataclass(frozen=True, eq=False)
class Framing:
    """Mean directions over some examples."""

    directions: FloatArray = field(repr=False)  # shape (DIRECTIONS, dims), float32
    count: int  # of examples

    def __post_init__(self) -> None:
        if len(self.directions) != DIRECTIONS or not np.isfinite(self.directions).all():
            raise ValueError(f"{DIRECTIONS} finite directions, got {self.directions.shape}")

    @classmethod
    def of(cls, model: WordsModel, crop_gray: ImageU8) -> Framing:
        """Of one face in the training format, shape (size, size), uint8."""
        moved = np.stack([_moved(crop_gray, *move) for pair in _MOVES for move in pair])
        points = model.batched_points(moved)
        return cls(np.asarray((points[0::2] - points[1::2]) / 2, np.float32), 1)

    @classmethod
    def joined(cls, parts: Iterable[Framing | None]) -> Framing | None:
        """The mean of several; None of nothing."""
        known = [one for one in parts if one is not None]
        count = sum(one.count for one in known)
        if not count:
            return None
        total = sum(one.count * one.directions for one in known)
        return cls(np.asarray(total / np.float32(count), np.float32), count)

    @cached_property
    def basis(self) -> FloatArray:
        """Orthonormal, shape (dims, DIRECTIONS)."""
        return np.asarray(np.linalg.qr(self.directions.T)[0], np.float32)


def _moved(crop: ImageU8, right: float, down: float, zoom: float, degrees: float) -> ImageU8:
    size = len(crop)
    middle = (size - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), degrees, zoom)
    matrix[:, 2] += np.array([right, down]) * size
    moved = cv2.warpAffine(crop, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)
