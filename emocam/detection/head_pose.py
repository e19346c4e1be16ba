"""How far a head is turned aside, from the K-Means centres that a face is near."""

from __future__ import annotations

import numpy as np

from emocam.detection.rbf_classifier import RbfClassifier
from emocam.types import FloatArray

MAX_YAW = 90.0
# Median error of the estimates by their size, measured: see benchmarks/detection.md.
_ERROR_AT_DEG = (0.0, 15.0, 30.0, 45.0, 60.0)
_ERRORS_DEG = (7.0, 7.0, 12.0, 15.0, 25.0)


class HeadPose:
    """Regression of yaw on the activations of K-Means centres of turned faces.

    The centres stand for views (as the view-based eigenspaces of Pentland, Moghaddam and
    Starner, CVPR 1994, do); the regression is linear in how near each is. Pitch is not told: the
    same regression is off by up to 30 degrees on portraits that look straight ahead.

    Parameters
    ----------
    classifier
        Whose `features` describe a face.
    weights, bias
        Shapes (features,) and (): yaw in degrees.
    """

    def __init__(self, classifier: RbfClassifier, weights: FloatArray, bias: float) -> None:
        self._classifier = classifier
        self._weights = weights
        self._bias = bias

    def yaw(self, descriptors: FloatArray) -> FloatArray:
        """Yaw in degrees, shape (n,), of the verifier's descriptors.

        It is positive when the head looks to the right edge of the upright crop.
        """
        found = self._classifier.features(descriptors) @ self._weights + self._bias
        return np.asarray(np.clip(found, -MAX_YAW, MAX_YAW), np.float32)


def yaw_error(yaw: float) -> float:
    """Degrees by which half of the estimates of this size are off at most."""
    return float(np.interp(abs(yaw), _ERROR_AT_DEG, _ERRORS_DEG))
