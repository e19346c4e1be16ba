"""Memory that is kept from one picture to the next."""

from __future__ import annotations

import math

import numpy as np

from emocam.types import FloatArray

_ALIGNED = 64  # bytes


class Scratch:
    """Arrays by name, which grow as needed and are used again.

    The operating system clears fresh memory page by page as it is first written. For the large
    arrays of a scan that takes longer than the sums that are written there. Each array is valid
    until the same name is asked for again, and belongs to one thread. Each starts at a multiple of
    64 bytes: where it starts decides which numbers are summed together, and so their last bits.
    """

    def __init__(self) -> None:
        self._kept: dict[str, FloatArray] = {}

    def array(self, name: str, *shape: int) -> FloatArray:
        """An array of this shape with whatever it held before; finite numbers at first."""
        size = math.prod(shape)
        kept = self._kept.get(name)
        if kept is None or kept.size < size:
            kept = self._kept[name] = _aligned(size)
        return kept[:size].reshape(shape)


def _aligned(size: int) -> FloatArray:
    memory = np.zeros(size + _ALIGNED // 4, np.float32)
    start = -memory.ctypes.data % _ALIGNED // 4
    return memory[start : start + size]
