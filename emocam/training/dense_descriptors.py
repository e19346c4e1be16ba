"""Dense descriptors of faces as a scikit-learn estimator, for training."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from emocam.recognition.descriptors import describe, orientation_maps
from emocam.types import FloatArray, ImageU8

_BATCH = 64


class DenseDescriptors(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Faces to gradient-orientation descriptors on a grid; see `emocam.recognition.descriptors`.

    There is nothing to learn: `fit` only checks. In a `Pipeline` it comes before
    `VisualVocabulary`.

    Parameters
    ----------
    cell, step
        In pixels: larger cells see more of the face and less detail, smaller steps give more
        descriptors and take more time.
    """

    def __init__(self, cell: float = 3.0, step: int = 3) -> None:
        self.cell = cell
        self.step = step

    def fit(self, X: ImageU8, y: object = None) -> DenseDescriptors:  # noqa: ARG002
        """Check that these are faces, shape (n, size, size), uint8; `y` is not used.

        Raises
        ------
        ValueError
            When they are not, or are smaller than a step.
        """
        X = _checked_faces(X)
        if not 1 <= self.step <= X.shape[1] or self.cell <= 0:
            raise ValueError(
                f"step should be 1 to {X.shape[1]} pixels and cell above 0, "
                f"got {self.step} and {self.cell}"
            )
        return self

    def transform(self, X: ImageU8) -> FloatArray:
        """Descriptors of faces, shape (n, points², 128), float32; row by row of the grid."""
        X = _checked_faces(X)
        batches = [X[first : first + _BATCH] for first in range(0, len(X), _BATCH)]
        return np.concatenate(
            [describe(orientation_maps(batch), self.cell, self.step) for batch in batches]
        )

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _checked_faces(faces: ImageU8) -> ImageU8:
    faces = np.asarray(faces)
    square = faces.ndim == 3 and faces.shape[1] == faces.shape[2]
    if not square or not len(faces) or faces.dtype != np.uint8:
        raise ValueError(
            f"one or more faces are uint8 of shape (n, size, size), "
            f"got {faces.dtype} of shape {faces.shape}"
        )
    return faces
