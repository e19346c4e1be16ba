"""Large matrices in 8 bits a number, and products with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emocam.types import FloatArray

_ROWS = 2048  # made float32 at a time: few enough to stay in the processor's cache


@dataclass(frozen=True, eq=False)
class Rounded:
    """A matrix whose columns are int8 numbers times a step.

    Products go over it block by block. Reading a single face costs the traffic of the matrix
    between memory and processor, which is a quarter of that of float32.

    Attributes
    ----------
    numbers
        Shape (rows, columns), int8.
    step
        Shape (columns,), float32: what 1 stands for in each column.
    """

    numbers: np.ndarray
    step: FloatArray

    def full(self) -> FloatArray:
        """The matrix itself, float32."""
        return np.asarray(self.numbers * self.step, dtype=np.float32)

    def weighed(self, weights: FloatArray) -> FloatArray:
        """`weights` @ matrix: shape (n, columns) for weights of shape (n, rows)."""
        total = np.zeros((len(weights), len(self.step)), np.float32)
        for rows, block in self._blocks():
            total += weights[:, rows] @ block
        total *= self.step
        return total

    def compared(self, points: FloatArray) -> FloatArray:
        """`points` @ matrix.T: shape (n, rows) for points of shape (n, columns)."""
        found = np.empty((len(points), len(self.numbers)), np.float32)
        scaled = points * self.step
        for rows, block in self._blocks():
            np.matmul(scaled, block.T, out=found[:, rows])
        return found

    def _blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Rows and their numbers as float32, in a buffer that the next ones overwrite."""
        count = len(self.numbers)
        buffer = np.empty((min(_ROWS, count), len(self.step)), np.float32)
        for first in range(0, count, _ROWS):
            part = self.numbers[first : first + _ROWS]
            block = buffer[: len(part)]
            np.copyto(block, part)
            yield slice(first, first + len(part)), block


def rounded(array: FloatArray) -> Rounded:
    """A matrix in 8 bits: the largest number of each column becomes 127 or -127."""
    step = np.maximum(np.abs(array).max(axis=0), 1e-12) / 127
    return Rounded(np.rint(array / step).astype(np.int8), step.astype(np.float32))
