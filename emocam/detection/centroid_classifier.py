"""Log-odds from the nearness to K-Means centres: how the face search judges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emocam.types import FloatArray


@dataclass(frozen=True, eq=False)
class CenterJudge:
    """A radial basis function classifier (Moody and Darken, Neural Computation 1989).

    Attributes
    ----------
    project_weights, project_biases
        Shapes (features, components) and (components,): principal components, partly whitened.
    centers
        Shape (centers, components): K-Means centres of faces and of what only looks like one.
    gamma
        Width of the Gaussian kernel around the centres.
    weights, bias
        Shapes (centers + components,) and (): of nearness and components, in the log-odds.
    """

    project_weights: FloatArray
    project_biases: FloatArray
    centers: FloatArray
    gamma: float
    weights: FloatArray
    bias: float

    def log_odds(self, rows: FloatArray) -> FloatArray:
        """Log-odds of a face, shape (rows,), of descriptors of shape (rows, features)."""
        return np.asarray(self.evidence(rows) @ self.weights + self.bias, dtype=np.float32)

    def evidence(self, rows: FloatArray) -> FloatArray:
        """Nearness to each centre, then the components, shape (rows, centers + components)."""
        points = rows @ self.project_weights + self.project_biases
        norms = (points**2).sum(axis=1)[:, None] + self._norms
        away = np.maximum(norms - 2 * points @ self.centers.T, 0.0)
        return np.hstack([np.exp(-self.gamma * away), points]).astype(np.float32, copy=False)

    @cached_property
    def _norms(self) -> FloatArray:
        return np.asarray((self.centers**2).sum(axis=1), np.float32)
