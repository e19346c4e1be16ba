"""Quantised matrices: 8 bits a number, and products with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emocam.recognition.model_file import ModelFile
from emocam.types import FloatArray

# Numbers dequantised at a time: few enough to stay in the processor's cache.
_BLOCK_NUMBERS = 1 << 19
# Multiply-adds of one product. OpenBLAS multiplies matrices below a million of them without first
# copying both, which for a few faces takes three times as long as the product itself.
_SMALL_PRODUCT = 750_000
_FEWEST_ROWS = 64  # below that the small products cost more than the copies do


@dataclass(frozen=True, eq=False)
class QuantizedMatrix:
    """A matrix whose columns are int8 values times a scale.

    Products go over it block by block. Reading a single face costs the traffic of the matrix
    between memory and processor, which is a quarter of that of float32.
    """

    values: np.ndarray  # shape (rows, columns), int8
    scale: FloatArray  # shape (columns,), float32: what 1 stands for in each column

    def dequantized(self) -> FloatArray:
        """The matrix itself, float32."""
        return np.asarray(self.values * self.scale, dtype=np.float32)

    def squared_lengths(self) -> FloatArray:
        """Of each row, shape (rows,)."""
        squares = np.square(self.scale)
        found = np.empty(len(self.values), np.float32)
        for rows, block in self._blocks(1):
            found[rows] = np.square(block, out=block) @ squares
        return found

    def left_product(self, left: FloatArray) -> FloatArray:
        """`left` @ matrix: shape (n, columns) for `left` of shape (n, rows)."""
        product = np.zeros((len(left), len(self.scale)), np.float32)
        for rows, block in self._blocks(len(left)):
            product += left[:, rows] @ block
        product *= self.scale
        return product

    def transposed_product(self, left: FloatArray) -> FloatArray:
        """`left` @ matrix.T: shape (n, rows) for `left` of shape (n, columns)."""
        # The long side first: OpenBLAS is a third slower with few rows and many columns.
        product = np.empty((len(self.values), len(left)), np.float32)
        scaled = np.ascontiguousarray((left * self.scale).T)
        for rows, block in self._blocks(len(left)):
            np.matmul(block, scaled, out=product[rows])
        return np.asarray(product.T, dtype=np.float32)

    def to_arrays(self, name: str) -> dict[str, np.ndarray]:
        """Named arrays for the model file."""
        return {name: self.values, f"{name}_scale": self.scale}

    @classmethod
    def from_file(
        cls, file: ModelFile, name: str, rows: int, columns: int | None
    ) -> QuantizedMatrix:
        """Check and take the arrays of a model file; any number of columns when None.

        Raises
        ------
        ModelError
            When an array is absent or does not fit.
        """
        scale = file.array(f"{name}_scale", (columns,))
        return cls(file.array(name, (rows, len(scale))), scale)

    def _blocks(self, times: int) -> Iterator[tuple[slice, FloatArray]]:
        """Rows and their values as float32, in a buffer that the next ones overwrite.

        `times` is how many vectors each block is to be multiplied with.
        """
        count, columns = self.values.shape
        at_once = max(1, _BLOCK_NUMBERS // columns)
        small = _SMALL_PRODUCT // (columns * max(1, times))
        if small >= _FEWEST_ROWS:
            at_once = min(at_once, small)
        buffer = np.empty((min(at_once, count), columns), np.float32)
        for first in range(0, count, at_once):
            part = self.values[first : first + at_once]
            block = buffer[: len(part)]
            np.copyto(block, part)
            yield slice(first, first + len(part)), block


def quantize(array: FloatArray) -> QuantizedMatrix:
    """Symmetric quantisation: the largest number of each column becomes 127 or -127."""
    scale = np.maximum(np.abs(array).max(axis=0), 1e-12) / 127
    return QuantizedMatrix(np.rint(array / scale).astype(np.int8), scale.astype(np.float32))
