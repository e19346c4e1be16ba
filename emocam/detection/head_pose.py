"""How a head is turned: yaw and pitch from the K-Means centres that a face is near."""

from __future__ import annotations

import numpy as np

from emocam.detection.rbf_classifier import RbfClassifier
from emocam.types import FloatArray

_MAX_YAW = 90.0
_MAX_PITCH = 60.0
# Median error of the estimates by their size, measured: see benchmarks/detection.md.
_ERROR_AT_DEG = (0.0, 15.0, 30.0, 45.0, 60.0)
_ERRORS_DEG = (6.0, 7.0, 9.0, 10.0, 14.0)


class HeadPose:
    """Regression of yaw and pitch on the activations of K-Means centres of turned faces.

    The centres stand for views (as the view-based eigenspaces of Pentland, Moghaddam and
    Starner, CVPR 1994, do); the regression is linear in how near each is.

    Parameters
    ----------
    classifier
        Whose `features` describe a face.
    weights, biases
        Shapes (features, 2) and (2,): yaw and pitch in degrees.
    """

    def __init__(self, classifier: RbfClassifier, weights: FloatArray, biases: FloatArray) -> None:
        self._classifier = classifier
        self._weights = weights
        self._biases = biases

    def angles(self, descriptors: FloatArray) -> FloatArray:
        """Yaw and pitch in degrees, shape (n, 2), of the verifier's descriptors.

        Yaw is positive when the head looks to the right edge of the upright crop, pitch when it
        looks up.
        """
        found = self._classifier.features(descriptors) @ self._weights + self._biases
        most = np.array([_MAX_YAW, _MAX_PITCH], np.float32)
        return np.asarray(np.clip(found, -most, most), np.float32)


def yaw_error(yaw: float) -> float:
    """Degrees by which half of the estimates of this size are off at most."""
    return float(np.interp(abs(yaw), _ERROR_AT_DEG, _ERRORS_DEG))
