"""Quantised matrices: 8 bits a number, and products with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emocam.types import FloatArray

_ROWS = 2048  # made float32 at a time: few enough to stay in the processor's cache


@dataclass(frozen=True, eq=False)
class QuantizedMatrix:
    """A matrix whose columns are int8 values times a scale.

    Products go over it block by block. Reading a single face costs the traffic of the matrix
    between memory and processor, which is a quarter of that of float32.

    Attributes
    ----------
    values
        Shape (rows, columns), int8.
    scale
        Shape (columns,), float32: what 1 stands for in each column.
    """

    values: np.ndarray
    scale: FloatArray

    def dequantized(self) -> FloatArray:
        """The matrix itself, float32."""
        return np.asarray(self.values * self.scale, dtype=np.float32)

    def left_product(self, left: FloatArray) -> FloatArray:
        """`left` @ matrix: shape (n, columns) for `left` of shape (n, rows)."""
        product = np.zeros((len(left), len(self.scale)), np.float32)
        for rows, block in self._blocks():
            product += left[:, rows] @ block
        product *= self.scale
        return product

    def transposed_product(self, left: FloatArray) -> FloatArray:
        """`left` @ matrix.T: shape (n, rows) for `left` of shape (n, columns)."""
        product = np.empty((len(left), len(self.values)), np.float32)
        scaled = left * self.scale
        for rows, block in self._blocks():
            np.matmul(scaled, block.T, out=product[:, rows])
        return product

    def _blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Rows and their values as float32, in a buffer that the next ones overwrite."""
        count = len(self.values)
        buffer = np.empty((min(_ROWS, count), len(self.scale)), np.float32)
        for first in range(0, count, _ROWS):
            part = self.values[first : first + _ROWS]
            block = buffer[: len(part)]
            np.copyto(block, part)
            yield slice(first, first + len(part)), block


def quantize(array: FloatArray) -> QuantizedMatrix:
    """Symmetric quantisation: the largest number of each column becomes 127 or -127."""
    scale = np.maximum(np.abs(array).max(axis=0), 1e-12) / 127
    return QuantizedMatrix(np.rint(array / scale).astype(np.int8), scale.astype(np.float32))
