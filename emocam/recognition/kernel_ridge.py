"""From points of the learnt space to scores: a face is compared with remembered faces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from emocam.recognition.model_file import ModelFile
from emocam.recognition.quantized import QuantizedMatrix
from emocam.types import FloatArray


@dataclass(frozen=True, eq=False)
class KernelRidge:
    """Kernel ridge regression with a Gaussian kernel, fitted."""

    references: QuantizedMatrix  # shape (faces, dims): projected training faces
    dual_coef: FloatArray  # shape (faces, labels), float32: how much each speaks for each label
    # Factor of the squared distance in the Gaussian kernel. Larger gives weight to
    # the most similar faces alone.
    gamma: float

    def scores(self, points: FloatArray) -> FloatArray:
        """Score of each label, shape (n, labels), for points of shape (n, dims)."""
        exponent = self.references.transposed_product(points * np.float32(2 * self.gamma))
        exponent -= self._norms
        exponent -= np.float32(self.gamma) * np.square(points).sum(axis=1, keepdims=True)
        np.minimum(exponent, 0, out=exponent)
        np.exp(exponent, out=exponent)
        return np.asarray(exponent @ self._double_coef, dtype=np.float32)

    def moved_dual_coef(self, offset: FloatArray) -> FloatArray:
        """Coefficients that give the scores of points moved by an offset, but for a factor.

        With them in place of `dual_coef`, points x get the scores of x - offset, divided by
        exp(gamma × (2 x·offset - offset·offset)): a Gaussian of a sum is a product.

        Parameters
        ----------
        offset
            Shape (dims,), float32.
        """
        along = self.references.transposed_product(offset[None] * np.float32(2 * self.gamma))[0]
        return np.asarray(self.dual_coef * np.exp(-along)[:, None], np.float32)

    @cached_property
    def _double_coef(self) -> npt.NDArray[np.float64]:
        # The terms of a score sum up to thousands of times the score itself before they cancel.
        # Sums in single precision moved probabilities by up to 0.005, by how many faces were read
        # together and by the processor.
        return self.dual_coef.astype(np.float64)

    @cached_property
    def _norms(self) -> FloatArray:
        return np.asarray(self.gamma * self.references.squared_lengths(), np.float32)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for the model file."""
        arrays: dict[str, np.ndarray] = self.references.to_arrays("kernel_ridge.references")
        arrays["kernel_ridge.dual_coef"] = self.dual_coef
        arrays["kernel_ridge.gamma"] = np.array([self.gamma], np.float32)
        return arrays

    @classmethod
    def from_file(cls, file: ModelFile, dims: int) -> KernelRidge:
        """Check and take the arrays of a model file, for points of so many dimensions.

        Raises
        ------
        ModelError
            When an array is absent or does not fit.
        """
        dual_coef = file.array("kernel_ridge.dual_coef", (None, len(file.labels)))
        return cls(
            references=QuantizedMatrix.from_file(
                file, "kernel_ridge.references", len(dual_coef), dims
            ),
            dual_coef=dual_coef.astype(np.float32),
            gamma=float(file.array("kernel_ridge.gamma", (1,))[0]),
        )
