"""Faces that look as they did a moment ago, which need not be read again."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from emocam.types import Face, FloatArray, ImageU8, IntArray

# Share of the face's contrast by which the mean of any 4×4 pixels may differ. Camera noise and
# repeated frames stay below it; benchmarks/README.md says what readings change by.
_TOLERANCE = 0.04
_COARSE = 12  # pixels a side: of 48, each the mean of 4×4


def read_once(faces: Iterable[tuple[Face, ImageU8]]) -> tuple[list[ImageU8], IntArray]:
    """Crops that must be read, and which of them stands for each face.

    A face is held against the crop of the same id that was last kept, not against the frame
    before, so that small changes can't add up.

    Parameters
    ----------
    faces
        Faces with their crops, shape (size, size), uint8, in the order of time.

    Returns
    -------
    The kept crops, and for each face the number of one of them, shape (faces,), int64.
    """
    kept: list[ImageU8] = []
    rows: list[int] = []
    last: dict[int, tuple[FloatArray, int]] = {}  # coarse crop and its number, by id
    for face, crop in faces:
        small = coarse(crop)
        before = last.get(face.id)
        if before is None or not is_alike(small, before[0]):
            before = last[face.id] = small, len(kept)
            kept.append(crop)
        rows.append(before[1])
    return kept, np.array(rows, np.int64)


def coarse(crop: ImageU8) -> FloatArray:
    """A crop, shape (size, size), in means of its pixels, shape (12, 12): what is compared."""
    small = cv2.resize(crop, (_COARSE, _COARSE), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32)


def is_alike(now: FloatArray, before: FloatArray, tolerance: float = _TOLERANCE) -> bool:
    """Whether no mean differs by more than a share of the contrast that the face had before."""
    return bool(np.abs(now - before).max() < tolerance * before.std())
