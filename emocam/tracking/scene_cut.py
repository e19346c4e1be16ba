"""Scene cuts, at which all tracks end."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from emocam.types import ImageU8

_SIZE_WH = (32, 24)
_COARSE_WH = (128, 96)  # sampled without averaging, which would take longer
# Measured between neighbouring frames: never below 0.9 without a cut, 0.2 to 0.5 across one.
_LEAST_ALIKE = 0.6
_FLAT = 2.0  # grey levels: the correlation of pictures with less contrast means nothing


class CutFinder:
    """Detects scene cuts by the correlation of tiny pictures.

    Correlation is invariant to changes of brightness.
    """

    def __init__(self) -> None:
        self._before: npt.NDArray[np.float64] | None = None

    def is_cut(self, gray: ImageU8) -> bool:
        """Whether this frame, shape (height, width), begins a new scene."""
        coarse = cv2.resize(gray, _COARSE_WH, interpolation=cv2.INTER_NEAREST)
        tiny = cv2.resize(coarse, _SIZE_WH, interpolation=cv2.INTER_AREA).astype(np.float64)
        flat = tiny.ravel() - tiny.mean()
        before, self._before = self._before, flat
        if before is None:
            return False
        spread = math.sqrt(before @ before), math.sqrt(flat @ flat)
        if min(spread) < _FLAT * math.sqrt(len(flat)):
            return False
        return bool(before @ flat < _LEAST_ALIKE * spread[0] * spread[1])
