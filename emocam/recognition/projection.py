"""From word statistics to points of the learnt space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emocam.errors import ModelError
from emocam.recognition.codebook import Scale
from emocam.recognition.model_file import ModelFile
from emocam.recognition.quantized import QuantizedMatrix
from emocam.types import FloatArray


@dataclass(frozen=True, eq=False)
class Projection:
    """Linear projection of features to the space in which faces are compared, in two steps.

    The first step reduces the features of each pooling cell, with one basis for all cells of a
    scale. That takes a third of the parameters of a single step.
    """

    # Shape (features,), float32: taken from the features, then multiplied with them
    offset: FloatArray
    scale: FloatArray
    # One a scale, shape (features of a cell, kept), float32; none leaves out the first step
    bases: tuple[FloatArray, ...]
    matrix: QuantizedMatrix  # shape (kept of all cells and scales, dims)
    cells: int  # pooling cells of a face

    def points(self, features: FloatArray) -> FloatArray:
        """Points, shape (n, dims), for features of shape (n, features)."""
        return self.matrix.left_product(self.reduced((features - self.offset) * self.scale))

    def reduced(self, scaled: FloatArray) -> FloatArray:
        """After the first step, shape (n, kept of all cells and scales)."""
        if not self.bases:
            return scaled
        count, start, parts = len(scaled), 0, []
        for basis in self.bases:
            stop = start + self.cells * len(basis)
            cells = scaled[:, start:stop].reshape(count * self.cells, len(basis))
            parts.append((cells @ basis).reshape(count, self.cells * basis.shape[1]))
            start = stop
        return np.concatenate(parts, axis=1)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for the model file."""
        arrays: dict[str, np.ndarray] = self.matrix.to_arrays("projection.matrix")
        arrays |= {"projection.offset": self.offset, "projection.scale": self.scale}
        for number, basis in enumerate(self.bases):
            arrays[f"projection.basis{number}"] = basis
        return arrays

    @classmethod
    def from_file(cls, file: ModelFile, scales: Sequence[Scale]) -> Projection:
        """Check and take the arrays of a model file.

        Raises
        ------
        ModelError
            When an array is absent or does not fit the scales.
        """
        cells = scales[0].codebook.cells ** 2
        if any(scale.codebook.cells**2 != cells for scale in scales):
            raise ModelError("the model's scales should have the same pooling cells")
        bases = tuple(
            file.array(f"projection.basis{number}", (scale.codebook.cell_length, None))
            for number, scale in enumerate(scales)
        )
        features = sum(scale.codebook.length for scale in scales)
        kept = cells * sum(basis.shape[1] for basis in bases)
        return cls(
            offset=file.array("projection.offset", (features,)),
            scale=file.array("projection.scale", (features,)),
            bases=bases,
            matrix=QuantizedMatrix.from_file(file, "projection.matrix", kept, None),
            cells=cells,
        )
