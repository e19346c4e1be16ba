"""A binary classifier of K-Means centres: the logit of a face from how near each centre is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emocam.detection.products import finite_product
from emocam.types import FloatArray


@dataclass(frozen=True, eq=False)
class RbfClassifier:
    """A radial basis function classifier (Moody and Darken, Neural Computation 1989)."""

    project_weights: FloatArray  # shape (features, components): partly whitened PCA
    project_biases: FloatArray  # shape (components,)
    centers: FloatArray  # shape (centers, components): K-Means centres of faces and of negatives
    gamma: float  # of the Gaussian kernel around the centres
    weights: FloatArray  # shape (centers + components,): of activations and components
    bias: float

    def logits(self, descriptors: FloatArray) -> FloatArray:
        """Logit of a face, shape (rows,), of descriptors of shape (rows, features)."""
        product = finite_product(self.features(descriptors), self.weights)
        return np.asarray(product + self.bias, dtype=np.float32)

    def features(self, descriptors: FloatArray) -> FloatArray:
        """Activation of each centre, then the components, shape (rows, centers + components)."""
        count = len(self.centers)
        found = np.empty((len(descriptors), len(self.weights)), np.float32)
        activations, points = found[:, :count], found[:, count:]
        # Every step in place: fresh memory takes longer than the sums that are written there.
        finite_product(descriptors, self.project_weights, out=points)
        points += self.project_biases
        finite_product(points, self._scaled_centers, out=activations)
        activations -= self._center_norms
        activations -= self.gamma * np.square(points).sum(axis=1, keepdims=True)
        np.exp(activations, out=activations)
        return found

    @cached_property
    def _scaled_centers(self) -> FloatArray:
        return np.ascontiguousarray(self.centers.T * np.float32(2 * self.gamma))

    @cached_property
    def _center_norms(self) -> FloatArray:
        return np.asarray(self.gamma * np.square(self.centers).sum(axis=1), np.float32)
