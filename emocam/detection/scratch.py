"""Memory that is kept from one picture to the next."""

from __future__ import annotations

import math

import numpy as np

from emocam.types import FloatArray


class Scratch:
    """Arrays by name, which grow as needed and are used again.

    The operating system clears fresh memory page by page as it is first written. For the large
    arrays of a scan that takes longer than the sums that are written there. Each array is valid
    until the same name is asked for again, and belongs to one thread.
    """

    def __init__(self) -> None:
        self._kept: dict[str, FloatArray] = {}

    def array(self, name: str, *shape: int) -> FloatArray:
        """An array of this shape with whatever it held before; finite numbers at first."""
        size = math.prod(shape)
        kept = self._kept.get(name)
        if kept is None or kept.size < size:
            kept = self._kept[name] = np.zeros(size, np.float32)
        return kept[:size].reshape(shape)
