"""Where a film is cut: faces on both sides of a cut are not the same by standing in one place."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from emocam.types import ImageU8

_SIZE_WH = (32, 24)
_COARSE_WH = (128, 96)  # single pixels of the picture: averaging all of them would take long
# Between neighbouring frames of films without cuts it was never below 0.9, whoever moved how
# fast; across cuts it was 0.2 to 0.5.
_LEAST_ALIKE = 0.6
_FLAT = 2.0  # grey levels: pictures with less contrast look like any other


class CutFinder:
    """Tells when a frame shows another scene than the one before.

    Compares tiny pictures by their correlation, which doesn't mind light going on or off.
    """

    def __init__(self) -> None:
        self._before: npt.NDArray[np.float64] | None = None

    def is_cut(self, image_bgr: ImageU8) -> bool:
        """Whether this frame, shape (height, width, 3), begins a new scene."""
        coarse = cv2.resize(image_bgr, _COARSE_WH, interpolation=cv2.INTER_NEAREST)
        tiny = cv2.resize(coarse, _SIZE_WH, interpolation=cv2.INTER_AREA).astype(np.float64)
        flat = tiny.ravel() - tiny.mean()
        before, self._before = self._before, flat
        if before is None:
            return False
        spread = math.sqrt(before @ before), math.sqrt(flat @ flat)
        if min(spread) < _FLAT * math.sqrt(len(flat)):
            return False
        return bool(before @ flat < _LEAST_ALIKE * spread[0] * spread[1])
